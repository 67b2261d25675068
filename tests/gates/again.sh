#!/usr/bin/env bash
# Shows what a gate makes of tests that fail (scripts/again.sh): once, twice, and too many of them. It makes a project whose
# tests fail as often as a file of their name says.
set -euo pipefail
scripts=$(cd "$(dirname "$0")/../../scripts" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

cat >CMakePresets.json <<'JSON'
{
    "version": 3,
    "configurePresets": [
        { "name": "tried", "generator": "Unix Makefiles", "binaryDir": "${sourceDir}/build/tried" }
    ],
    "testPresets": [
        { "name": "tried", "configurePreset": "tried", "output": { "outputOnFailure": true } }
    ]
}
JSON
{
    echo 'cmake_minimum_required(VERSION 3.21)'
    echo 'project(tried NONE)'
    echo 'enable_testing()'
} >CMakeLists.txt
for name in good sometimes bad {a..k}; do
    echo "add_test(NAME $name COMMAND bash $PWD/one.sh $PWD/fails/$name)" >>CMakeLists.txt
done
cat >one.sh <<'SH'
left=$(cat "$1" 2>/dev/null || echo 0)
[ "$left" -gt 0 ] || exit 0
echo $((left - 1)) >"$1"
echo "what ${1##*/} says as it fails"
exit 1
SH
cmake --preset tried >/dev/null

. "$scripts/again.sh"
. "$scripts/gates.sh"

test_tried() { run_tests tried 2; }

# In a shell of its own, for run_gates ends it if the gate fails.
gate() (run_gates test tried) >out 2>&1

# fail TIMES NAME…: these will, and no others.
fail() {
    local times=$1 name
    shift
    for name in "$@"; do
        echo "$times" >"fails/$name"
    done
}

wrong() {
    cat out
    echo "again.sh: $*"
    exit 1
}

passes() { gate || wrong "the gate should pass"; }
refuses() { ! gate || wrong "the gate should fail"; }
says() { grep -qF "$1" out || wrong "not said: $1"; }
says_not() { ! grep -qF "$1" out || wrong "said: $1"; }
says_last() { [ "$(tail -n 1 out)" = "$1" ] || wrong "not said last: $1"; }

mkdir -p fails

passes
says_not "run again"

fail 1 sometimes
passes
says "what sometimes says as it fails"
says_last "passed only when run again: sometimes (ctest --preset tried)"

fail 1 sometimes
fail 2 bad
refuses
says_last "passed only when run again: sometimes (ctest --preset tried)"

fail 2 bad
refuses
says "To run it again: ./x test tried"
says_not "passed only"

fail 1 {a..k}
refuses
says_not "passed only"
