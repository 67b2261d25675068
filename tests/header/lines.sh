#!/usr/bin/env bash
# lines.sh COMPILER STANDARD INCLUDE: procession.hpp makes the compiler read at most 1.2 times as many lines as <future>, so it takes little
# longer to compile.
set -euo pipefail
compiler=$1 standard=$2 include=$3

lines() { "$compiler" -x c++ -std="$standard" -I"$include" -E -P - <<<"#include <$1>" | wc -l; }

ours=$(lines procession.hpp)
theirs=$(lines future)
echo "procession.hpp: $ours lines, <future>: $theirs"
[ "$theirs" -gt 10000 ]
[ $((ours * 10)) -le $((theirs * 12)) ]
