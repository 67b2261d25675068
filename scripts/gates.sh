# shellcheck shell=bash
# Part of x: runs gates one after the other, some of them beside another, ends at the first that fails, and says at the end how
# each went.

# Gates that leave a processor idle for much of their time, as compilers do with the last thing that is left to compile, and
# clients that download; and the gate that each runs beside, if it comes before it. None of them measures time, nor calls run_tests,
# and they build in directories of their own, or take turns (alone_in_build).
declare -A beside=([models]=rust [library]=rust [trace]=ffi)

alone_in_build() {
    mkdir -p build
    (flock 9 && "$@") 9>build/lock
}

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
    run_groups "$@"
    printf '\n%s%s\n' "$summary" "$(line "./x $kind" passed 0)"
    say_passed_again
}

run_groups() {
    local first aside
    while [ $# -gt 0 ]; do
        first=$1 aside=()
        shift
        while [ "${beside[${1:-none}]:-}" = "$first" ]; do
            aside+=("$1")
            shift
        done
        run_group "$first" "${aside[@]}"
    done
}

# What those beside the first say is shown after it, and the time they took is that until then.
run_group() {
    local first=$1 start=$SECONDS gate
    shift
    run_aside "$@" &
    run_gate "$first" "$start" "${kind}_$first"
    wait
    for gate in "$@"; do
        run_gate "$gate" "$start" has_passed "$gate"
    done
}

run_aside() {
    local gate
    rm -rf build/gates && mkdir -p build/gates
    for gate in "$@"; do
        if "${kind}_$gate" >"build/gates/$gate.log" 2>&1; then
            touch "build/gates/$gate.passed"
        fi
    done
}

has_passed() { cat "build/gates/$1.log" && [ -e "build/gates/$1.passed" ]; }

# run_gate GATE START COMMAND…
run_gate() {
    local gate=$1 start=$2
    shift 2
    printf '\n=== %s %s\n' "$kind" "$gate"
    if "$@"; then
        summary+=$(line "$gate" passed "$start")$'\n'
        return
    fi
    wait # for what runs beside it
    printf '\n%s%s\nTo run it again: ./x %s %s\n' "$summary" "$(line "$gate" FAILED "$start")" "$kind" "$gate"
    say_passed_again
    exit 1
}

line() { printf '%-14s %s %5d s' "$1" "$2" $((SECONDS - $3)); }

unknown_gate() {
    echo "x: $1 has no gate $2" >&2
    help >&2
    exit 2
}
