#!/bin/sh
# Makes a shared library of cargo's archive, where CMake is too much: for measurements, and for a try.
# shared.sh ARCHIVE LIBRARY
set -eu
archive=$1 library=$2 here=$(dirname "$0")
version=$(sed -n 's/^PROCESSION_\([0-9.]*\) .*/\1/p' "$here/procession.map")

sh "$here/relocatable.sh" "$archive" "$library.o" --strip-debug
"${CC:-cc}" -shared "$library.o" -o "$library" -pthread -lm -ldl \
    "-Wl,--version-script=$here/procession.map,-soname,libprocession.so.$version" -Wl,-z,nodelete,-z,relro,-z,now,--gc-sections,--as-needed
rm -f "$library.o"
