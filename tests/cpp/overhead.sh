#!/usr/bin/env bash
# overhead.sh PROGRAM: C++ takes hardly more instructions than C does for the same (overhead.cpp), as callgrind counts them: a trivial
# process that is made and run, a group of eight, a hook that is set and removed; and an exception that is carried than one that is thrown and caught, a
# callable with a std::stop_token than one with a handle.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
valgrind --quiet --tool=callgrind --callgrind-out-file="$scratch/out" "$1"
callgrind_annotate --inclusive=yes --threshold=100 --auto=no "$scratch/out" |
    awk 'match($0, /:(c|cpp)_[a-z_]+ \[/) {
        name = substr($0, RSTART + 1, RLENGTH - 3)
        gsub(/,/, "", $1)
        counted[name] = $1
    }
    function check(what, most,    ratio) {
        if (!counted["c_" what] || !counted["cpp_" what]) { print what ": not counted"; exit 1 }
        ratio = counted["cpp_" what] / counted["c_" what]
        printf "%-10s C %8d, C++ %8d: %.3f of at most %.2f\n", what, counted["c_" what], counted["cpp_" what], ratio, most
        # C++ that takes much less does not do the same.
        if (ratio > most || ratio < 0.8) failed = 1
    }
    END {
        check("leaf_one", 1.05); check("leaf_two", 1.05)
        check("group_one", 1.08); check("group_two", 1.08)
        check("hook_one", 1.12); check("hook_two", 1.12)
        check("thrown", 1.3)
        # Half of it is the hook, and half what a std::stop_source allocates. It is 1.38 now.
        check("stop_token", 1.5)
        exit failed
    }'
