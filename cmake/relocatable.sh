#!/bin/sh
# Makes of cargo's archive, which has all of Rust's standard library in it, one object in which nothing but the functions of the header,
# and what libprocession-sim.so asks, has a name for others. So it can be linked beside further libraries in Rust, and into programs in Rust.
# relocatable.sh ARCHIVE OBJECT [OBJCOPY_OPTION…]
# In the environment: LD, OBJCOPY and READELF, where they are others than usual; UNWINDER, the archive of an unwinder, where the C
# compiler's libraries have none.
set -eu
archive=$1 object=$2
shift 2

# What is not stale is left as it is, so nothing is linked again.
[ -z "$(find "$object" -newer "$archive" 2>/dev/null)" ] || exit 0

names=$object.names
"${READELF:-readelf}" -sW "$archive" 2>/dev/null | awk '$5 == "GLOBAL" && $7 != "UND" && $8 ~ /^proc_|^procession_private_/ { print $8 }' | sort -u >"$names"
[ -s "$names" ] || {
    echo "relocatable.sh: ${READELF:-readelf} finds no function of the header in $archive" >&2
    exit 1
}

# What these functions do not need is left out. Groups are for a linker that meets the same code twice, which it does not any more.
sed 's/^/--undefined=/' "$names" >"$object.roots"
# (For RISC-V, GNU ld 2.40 damages the tables of unwinding when it leaves something out here; there that is left to who links the object.)
leaves_out=--gc-sections
if "${READELF:-readelf}" -h "$archive" 2>/dev/null | grep -q 'Machine: *RISC-V'; then
    leaves_out=
fi
"${LD:-ld}" -r $leaves_out --force-group-allocation "@$object.roots" "$archive" ${UNWINDER:+"$UNWINDER"} -o "$object.all"
# Of functions that the C library may lack, and that only what was left out has asked for, objcopy would make ones that are needed.
"${READELF:-readelf}" -sW "$object.all" | awk '$5 == "LOCAL" && $7 == "UND" && $8 != "" { print $8 }' >"$object.stale"
# An empty list it takes for an error.
[ -s "$object.stale" ] && set -- "$@" --strip-symbols="$object.stale"
# The code of a program's first run lies together (first_run.txt), since each 64 KiB of code that are new to a process cost it some microseconds.
"${READELF:-readelf}" -SW "$object.all" | grep -o ' [.]text[.][^ ]*' | grep -Ef "$(dirname "$0")/first_run.txt" | sort -u |
    sed 's/^ [.]text\(.*\)/--rename-section=.text\1=.text.hot\1/' >"$object.first"
# The standard library carries bitcode for link-time optimization, which cargo has done, and which other tools cannot read.
"${OBJCOPY:-objcopy}" --remove-section=.llvmbc --remove-section=.llvmcmd "$@" "@$object.first" --keep-global-symbols="$names" "$object.all" "$object.new"
rm -f "$object.all" "$object.roots" "$object.stale" "$object.first" "$names"
mv "$object.new" "$object"
