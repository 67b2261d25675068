#!/usr/bin/env bash
# instructions.sh COMPILER STANDARD INCLUDE: procession.hpp takes the compiler at most 1.2 times as many instructions as <future>, as cachegrind
# counts them: unlike time, they are the same at each run.
set -euo pipefail
compiler=$1 standard=$2 include=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# In millions. A compiler may be several processes.
instructions() {
    echo "#include <$1>" >"$scratch/$1.cpp"
    valgrind --tool=cachegrind --cache-sim=no --branch-sim=no --trace-children=yes --cachegrind-out-file=/dev/null \
        --log-file="$scratch/$1.%p" "$compiler" -std="$standard" -I"$include" -fsyntax-only "$scratch/$1.cpp"
    awk '/ I +refs:/ { gsub(/,/, "", $NF); all += $NF } END { printf "%d\n", all / 1e6 }' "$scratch/$1".[0-9]*
}

theirs=$(instructions future)
ours=$(instructions procession.hpp)
echo "$compiler -std=$standard: procession.hpp takes $ours million instructions, <future> $theirs"
[ "$theirs" -gt 100 ]
[ $((ours * 10)) -le $((theirs * 12)) ]
