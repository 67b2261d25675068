# shellcheck shell=bash
# Part of x: runs gates one after the other, but for two beside each other, ends at the first that fails, and says at the end how each went.

# Two gates that keep no more than one processor busy for most of their time, measure none, and build in directories of their own:
# the second runs beside the first, and says what it has to say after it.
declare -A beside=([rust]=models)

# run_gates KIND GATE… runs the function KIND_GATE for each, after setup_KIND_GATE for those that have one: who must
# install something by hand should learn it before the first gate. Bash switches -e off in a condition, so a gate of
# several commands joins them by &&.
run_gates() {
    local kind=$1 gate summary=""
    shift
    for gate in "$@"; do
        declare -F "${kind}_$gate" >/dev/null || unknown_gate "$kind" "$gate"
    done
    for gate in "$@"; do
        ! declare -F "setup_${kind}_$gate" >/dev/null || "setup_${kind}_$gate"
    done
    while [ $# -gt 0 ]; do
        if [ "${beside[$1]:-none}" = "${2:-}" ]; then
            run_both "$kind" "$1" "$2"
            shift
        else
            run_gate "$kind" "$1" "$SECONDS" "${kind}_$1"
        fi
        shift
    done
    printf '\n%s%s\n' "$summary" "$(line "./x $kind" passed 0)"
    say_passed_again
}

# run_gate KIND GATE START COMMAND…
run_gate() {
    local kind=$1 gate=$2 start=$3
    shift 3
    printf '\n=== %s %s\n' "$kind" "$gate"
    if "$@"; then
        summary+=$(line "$gate" passed "$start")$'\n'
        return
    fi
    wait # for a gate beside this one
    printf '\n%s%s\nTo run it again: ./x %s %s\n' "$summary" "$(line "$gate" FAILED "$start")" "$kind" "$gate"
    say_passed_again
    exit 1
}

# The second of them is in a shell of its own: it must not be one that calls run_tests, which notes what passed again.
run_both() {
    local kind=$1 first=$2 second=$3 start=$SECONDS log
    log=$(mktemp)
    { "${kind}_$second" || exit 1; } >"$log" 2>&1 &
    run_gate "$kind" "$first" "$start" "${kind}_$first"
    run_gate "$kind" "$second" "$start" has_run $! "$log"
}

has_run() {
    local status=0
    wait "$1" || status=1
    cat "$2" && rm "$2"
    return "$status"
}

line() { printf '%-14s %s %5d s' "$1" "$2" $((SECONDS - $3)); }

unknown_gate() {
    echo "x: $1 has no gate $2" >&2
    help >&2
    exit 2
}
