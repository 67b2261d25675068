#!/usr/bin/env bash
# tsan.sh silent|race LIBRARY SOURCE CASE COMPILER…: what ThreadSanitizer says of a program: nothing, or that there is a race.
# The same is said with the suppressions that are installed.
# tsan.sh works COMPILER…: whether that compiler has it, and it runs here.
set -euo pipefail
expected=$1
shift

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

compile() { "$@" -O1 -g1 -fsanitize=thread -pthread -o "$scratch/program"; }

# Some versions find their own memory taken where addresses are random.
run() { TSAN_OPTIONS="atexit_sleep_ms=0 ${suppressions:-}" setarch -R "$scratch/program" "$@"; }

works() {
    echo 'int main(void) { return 0; }' >"$scratch/empty.c"
    compile "$@" -x c "$scratch/empty.c" && run
}

if [ "$expected" = works ]; then
    works "$@"
    exit
fi

library=$1 source=$2 case=$3
shift 3
root=$(dirname "$(readlink -f "$0")")/../..
compile "$@" -Wall -Wextra -Werror -I"$root/include" "$source" "$library" -Wl,-rpath,"$(dirname "$library")" -lstdc++
says_what_is_expected() {
    local status=0
    run "$case" >"$scratch/said" 2>&1 || status=$?
    cat "$scratch/said"
    case $expected in
    silent) [ $status = 0 ] && ! grep -q ThreadSanitizer "$scratch/said" ;;
    race) [ $status != 0 ] && grep -q "WARNING: ThreadSanitizer: data race" "$scratch/said" ;;
    esac
}

says_what_is_expected && suppressions=suppressions=$root/cmake/procession.tsan.supp && says_what_is_expected
