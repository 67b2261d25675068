#!/usr/bin/env bash
# The static probes of the library: probes.sh notes LIBRARY, or probes.sh debugger PROGRAM (probes.c)
set -euo pipefail

probes() { printf '%s\n' cancel log region_begin region_end task_begin task_end; }

# Each is in the library's notes, with the one semaphore that they share.
check_notes() {
    local notes
    notes=$(readelf -nW "$1" | grep -A 4 stapsdt)
    diff <(probes) <(sed -n 's/^ *Name: //p' <<<"$notes" | sort -u) && grep -q 'Provider: procession' <<<"$notes" &&
        [ "$(grep -o 'Semaphore: 0x0*[1-9a-f][0-9a-f]*' <<<"$notes" | sort -u | wc -l)" = 1 ]
}

expected() {
    cat <<'END'
task_begin: 1 a task in 0
region_begin: a region in 1
log: a category: a message in 1
region_end: 1
task_end: a task, broken
cancel: enough
END
}

# Without ptrace, as in some containers, there is nothing to be seen.
check_debugger() {
    local said
    said=$(gdb -nx -batch -x "$(dirname "$0")/probes.gdb" "$1" 2>&1 </dev/null)
    if grep -q 'ptrace: Operation not permitted' <<<"$said"; then
        echo "no ptrace here, so the probes were not met"
        return
    fi
    diff <(expected) <(grep -E '^[a-z_]+: ' <<<"$said") || { echo "$said" && false; }
}

"check_$1" "$2"
