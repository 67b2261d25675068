# shellcheck shell=bash
# Part of x: runs gates one after the other, ends at the first that fails, and says at the end how each went.

# run_gates KIND GATE… runs the function KIND_GATE for each, after setup_KIND_GATE for those that have one: who must
# install something by hand should learn it before the first gate. Bash switches -e off in a condition, so a gate of
# several commands joins them by &&.
run_gates() {
    local kind=$1 gate start summary=""
    shift
    for gate in "$@"; do
        declare -F "${kind}_$gate" >/dev/null || unknown_gate "$kind" "$gate"
    done
    for gate in "$@"; do
        ! declare -F "setup_${kind}_$gate" >/dev/null || "setup_${kind}_$gate"
    done
    for gate in "$@"; do
        printf '\n=== %s %s\n' "$kind" "$gate"
        start=$SECONDS
        if "${kind}_$gate"; then
            summary+=$(line "$gate" passed "$start")$'\n'
        else
            printf '\n%s%s\nTo run it again: ./x %s %s\n' "$summary" "$(line "$gate" FAILED "$start")" "$kind" "$gate"
            say_passed_again
            exit 1
        fi
    done
    printf '\n%s%s\n' "$summary" "$(line "./x $kind" passed 0)"
    say_passed_again
}

line() { printf '%-14s %s %5d s' "$1" "$2" $((SECONDS - $3)); }

unknown_gate() {
    echo "x: $1 has no gate $2" >&2
    help >&2
    exit 2
}
