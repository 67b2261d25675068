#!/usr/bin/env bash
# Shows that lengths.awk finds what it is there to find, in each language, and lets pass what is in order.
set -euo pipefail
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

lines() { yes "$2" | head -n "$1" || true; }

# body FILE HEAD COUNT writes a function of COUNT lines.
body() {
    { echo "$2"; lines $(($3 - 2)) '    call();'; echo '}'; } >>"$scratch/$1"
}

check() { awk -f lengths.awk "$scratch/$1" >"$scratch/out"; }

passes() { check "$1" || { echo "lengths.awk: $1 should pass:"; cat "$scratch/out"; exit 1; }; }

# fails FILE TEXT: it is found, and named as it should be.
fails() {
    if check "$1" || ! grep -qF "$2" "$scratch/out"; then
        echo "lengths.awk: $1 should fail with: $2"
        exit 1
    fi
}

each_language() {
    local head
    for head in "rs|pub(crate) fn f<T>(a: T) -> T {" "c|static int f(void) {" "cpp|int C::f() const {" "sh|f() {"; do
        "$1" "${head%%|*}" "${head#*|}"
    done
}

short() {
    body "short.$1" "$2" 10
    passes "short.$1"
}

long() {
    lines 9 "$2 }" >"$scratch/long.$1"
    body "long.$1" "$2" 60
    passes "long.$1"
    body "long.$1" "$2" 61
    fails "long.$1" "a function of 61 lines"
}

middling() {
    body "middling.$1" "$2" 11
    fails "middling.$1" "median function has 11 lines"
}

each_language short
each_language long
each_language middling

lines 499 '// A comment.' >"$scratch/file.rs"
echo 'fn f() {}' >>"$scratch/file.rs"
passes file.rs
echo '// One too many.' >>"$scratch/file.rs"
fails file.rs "501 lines"
