# shellcheck shell=bash
# Part of x: runs the tests of a preset, and those that have failed once more, one at a time. Most that fail by accident
# are tests from which others took the processors. What fails twice fails the gate. What passes then is a bug all the
# same, of the test or of the library: run_gates names it at the end.

passed_again=()

# So many do not fail by accident.
most_run_again=10

# run_tests PRESET JOBS
run_tests() {
    local preset=$1 jobs=$2 log=build/$1/Testing/Temporary/LastTestsFailed.log first
    rm -f "$log"
    ! ctest --preset "$preset" -j "$jobs" || return 0
    first=$(names_in "$log")
    is_run_again "$first" || return 1
    printf '\nx: run again, one at a time: %s\n' "${first//$'\n'/ }"
    if ctest --preset "$preset" --rerun-failed -j 1; then
        note_passed_again "$preset" "$first"
    else
        note_passed_again "$preset" "$(grep -vxFf <(names_in "$log") <<<"$first")"
        return 1
    fi
}

# A line of ctest's is NUMBER:NAME. Where ctest failed for another reason than a test, there is none.
names_in() { [ ! -f "$1" ] || cut -d : -f 2- "$1"; }

is_run_again() { [ -n "$1" ] && [ "$(wc -l <<<"$1")" -le "$most_run_again" ]; }

note_passed_again() {
    local name
    for name in $2; do
        passed_again+=("$name (ctest --preset $1)")
    done
}

say_passed_again() {
    [ ${#passed_again[@]} -eq 0 ] || printf 'passed only when run again: %s\n' "${passed_again[@]}"
}
