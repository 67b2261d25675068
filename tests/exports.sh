#!/usr/bin/env bash
# Checks the shared library against the header: exports.sh CHECK LIBRARY HEADER SONAME
set -euo pipefail
library=$2 header=$3 soname=$4

# Each with its version: NAME@@VERSION. Those are symbols too, but of no section. One is for libprocession-sim.so alone.
versioned() {
    nm -D --defined-only --format=posix "$library" |
        awk '$2 != "A" && $1 != "procession_private_simulation@@PROCESSION_PRIVATE" { print $1 }'
}

exported() { versioned | sed 's/@.*//' | sort; }

# The preprocessor takes comments away and marks which lines are the header's own. A typedef of a
# function pointer has a parenthesis after its name, so only functions match.
declared() {
    "${CC:-cc}" -E -x c "$header" |
        awk -v header="$header" '/^# / { own = index($0, "\"" header "\""); next } own' | tr '\n' ' ' |
        grep -oE '\<proc_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u
}

dynamic() { readelf -dW "$library" | grep -E "$1"; }

# Exactly what the header declares is exported, so nothing of Rust's, and nothing is missing.
check_symbols() { diff <(declared) <(exported) && [ -n "$(declared)" ]; }

# Two minor versions in one program stay apart by that.
check_versions() { ! versioned | grep -v "@@PROCESSION_${soname##*.so.}$"; }

check_soname() { dynamic '\(SONAME\)' | grep -F "[$soname]"; }

# A library with threads must stay when a plug-in that brought it in is closed.
check_nodelete() { dynamic '\(FLAGS_1\)' | grep -w NODELETE; }

# Only parts of the C runtime are needed, by plain names, and no path is searched for them.
check_needed() {
    dynamic '\(NEEDED\)' && ! dynamic '\((RPATH|RUNPATH)\)' &&
        ! dynamic '\(NEEDED\)' | grep -vE '\[(libc|libm|libgcc_s|libpthread|libdl|librt|ld-linux[^/]*)\.so\.[0-9]+\]'
}

# What is to lie together with the code of a first run is there, under the names that it is listed by. LIBRARY is the static one.
check_first_run() {
    local listed=0 names pattern
    names=$(readelf -SW "$library" | grep -oE ' [.]text[.]hot[.][^ ]*' | sort -u)
    while read -r pattern; do
        listed=$((listed + 1))
        grep -qE "$pattern" <<<"$names" || {
            echo "cmake/first_run.txt: nothing is called $pattern" >&2
            return 1
        }
    done <"$(dirname "$0")/../cmake/first_run.txt"
    [ $listed -gt 0 ]
}

"check_$1"
