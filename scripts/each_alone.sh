#!/usr/bin/env bash
# each_alone.sh PROGRAM [FILTER…]: runs each test of a program of Rust's, or those whose names have a filter in them, in a process of its own, as
# many at a time as there are processors; `cargo test` takes it as the runner. What a test says is shown if it fails, in one piece.
set -euo pipefail

program=$1
shift

names() { "$program" --list --format terse "$@" | sed -n 's/: test$//p'; }

alone() {
    local said
    if said=$("$program" --exact "$1" --nocapture 2>&1) && grep -qF "1 passed" <<<"$said"; then
        echo "$1 ... ok"
    else
        printf '%s\n%s ... FAILED\n' "$said" "$1"
        return 1
    fi
}

if [ -n "${IS_ALONE:-}" ]; then
    alone "$1"
    exit
fi
tests=$(names "$@" | grep -vxFf <(names --ignored)) || {
    echo "each_alone.sh: there is no such test: $*" >&2
    exit 1
}
IS_ALONE=1 xargs -n 1 -P "$(nproc)" bash "$0" "$program" <<<"$tests"
echo "$(wc -l <<<"$tests") tests passed"
