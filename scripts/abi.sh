# shellcheck shell=bash
# Part of x: the recorded ABI. What is in tests/abi is what programs were built against: functions, their versions, structs, enumerators and their
# values, as gcc understands the header. That the library has exactly these functions, with these versions, the tests exports_* say.

abi_record=tests/abi/procession.xml

abi_packages() { command -v abidw >/dev/null || echo abigail-tools; }

# abi_of HEADERS FILE: what the ABI of these headers is. Places in files, and paths, are no part of it.
abi_of() {
    local work=build/abi version
    version=$(sed -n 's/^PROCESSION_\([0-9.]*\) .*/\1/p' cmake/procession.map)
    mkdir -p "$work" && {
        echo '#include <procession.h>' && cc -E -P -undef -nostdinc -Icmake/cdef "$1/procession.h" | awk -f scripts/abi.awk
    } >"$work/stubs.c" && gcc -g -shared -fPIC -fno-eliminate-unused-debug-types -I"$1" "$work/stubs.c" -o "$work/libprocession.so" \
        -Wl,--version-script="cmake/procession.map,-soname,libprocession.so.$version" &&
        abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-architecture --type-id-style hash \
            --headers-dir "$1" --drop-private-types "$work/libprocession.so" >"$2"
}

# What is new is no change to who does not know it.
abi_changes() { abidiff --no-added-syms "$abi_record" "$1"; }

# A change that is wanted, as every minor version may make while the major one is 0, is recorded by this, and so seen in review.
abi() { need_packages_of abi_packages && mkdir -p tests/abi && abi_of include "$abi_record"; }

setup_lint_abi() { need_packages_of abi_packages; }

# As with other gates, it must first find what is wrong.
lint_abi() {
    bash scripts/abi_test.sh && abi_of include build/abi/now.xml && {
        abi_changes build/abi/now.xml || {
            echo "x: what programs were built against has changed; if that is meant, ./x abi records it" >&2
            return 1
        }
    }
}
