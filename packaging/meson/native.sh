#!/bin/sh
# The libraries that a program needs beside libprocession.a, as rustc knows them: native.sh RUSTC [RUST_TARGET]. Not libgcc_s, which every C
# compiler adds by itself in the form that suits the link.
set -eu
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
"$1" ${2:+--target "$2"} --crate-type staticlib --crate-name empty --print native-static-libs -o "$work/empty.a" - </dev/null 2>&1 |
    sed -n 's/.*native-static-libs: //p' | sed 's/-lgcc_s//'
