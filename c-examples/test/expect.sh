#!/usr/bin/env bash
# expect.sh [--any-order] FILE COMMAND…
# Runs the command. What it prints, both ways, and its exit status must be exactly what FILE says. With --any-order the
# lines may come in any order, and FILE has them sorted.
set -u
order="cat"
if [ "$1" = --any-order ]; then
    order="sort"
    shift
fi
expected=$1
shift

directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
export LC_ALL=C
"$@" >"$directory/out" 2>"$directory/err" </dev/null
status=$?
{
    $order "$directory/out"
    echo "standard error:"
    $order "$directory/err"
    echo "exit status: $status"
} >"$directory/actual"
diff -u --label expected --label actual "$expected" "$directory/actual"
