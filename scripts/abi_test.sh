#!/usr/bin/env bash
# That the gate abi finds what breaks programs, and lets pass what does not: changes made to a copy of the header.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/abi.sh
work=build/abi/seeded

# seeded EXPECTED NAME SED_EXPRESSION: the header so changed.
seeded() {
    local found=passes
    rm -rf "$work" && mkdir -p "$work" && cp -r include/procession.h "$work"
    sed -i -E "$3" "$work/procession.h"
    ! cmp -s include/procession.h "$work/procession.h" || { echo "abi_test.sh: $2: the header has nothing of the kind" >&2 && exit 1; }
    abi_of "$work" build/abi/seeded.xml
    abi_changes build/abi/seeded.xml >build/abi/seeded.log || found=fails
    [ "$found" = "$1" ] || { cat build/abi/seeded.log && echo "abi_test.sh: $2: $found, but it should be that it $1" >&2 && exit 1; }
}

abi_of include build/abi/now.xml
cp build/abi/now.xml build/abi/recorded.xml
abi_record=build/abi/recorded.xml

seeded fails "a function is gone" '/ \*proc_run\(/d'
seeded fails "a parameter has another type" 's/proc_errorf\(int code/proc_errorf(long code/'
seeded fails "a function returns something else" 's/^int64_t proc_now\(/int32_t proc_now(/'
seeded fails "a field has another type" '/^typedef struct proc_main_options/,/^}/s/int64_t grace_ns/int32_t grace_ns/'
seeded fails "a field comes first" 's/^typedef struct proc_main_options \{/&\n    int first;/'
seeded fails "a struct that does not tell its size grows" 's/^\} proc_key;/    int more;\n&/'
seeded fails "an enumerator has another value" 's/^    PROC_DUMP_JSON,/    PROC_DUMP_JSON = 7,/'
# Allowed where a struct begins with its size, but to be seen: a field that is missed there comes at the end.
seeded fails "an options struct grows" 's/^\} proc_main_options;/    int more;\n&/'
seeded passes "there is a new function" 's/^PROC_API proc_error \*proc_run\(/PROC_API proc_error *proc_run_newly(int how);\n&/'
seeded passes "there is a new enumerator" 's/^    PROC_DUMP_JSON,/&\n    PROC_DUMP_YAML,/'
echo "abi_test.sh: changes that break programs are found, and others are not"
