#!/usr/bin/env bash
# The example of the README compiles without a warning and does what its comment says.
#
#     readme.sh COMPILER LIBRARY
set -euo pipefail
compiler=$1
library=$2
root=$(dirname "$(readlink -f "$0")")/..
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$root/README.md" >"$scratch/web.c"
"$compiler" -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$root/include" "$scratch/web.c" -o "$scratch/web" \
    "$library" -Wl,-rpath,"$(dirname "$library")"

status=0
"$scratch/web" >"$scratch/said" 2>"$scratch/complained" || status=$?
[ $status = 1 ]
grep -qx 'statistics: still here' "$scratch/said"
[ "$(cat "$scratch/complained")" = 'web: web: the disk is on fire' ]
