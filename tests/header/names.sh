#!/usr/bin/env bash
# names.sh COMPILER INCLUDE ABI: all that is C++ is in procession::vMAJOR_MINOR, by its names for the linker and by the text of each
# part, and a program may have a namespace `proc` of its own.
set -euo pipefail
compiler=$1 include=$2 version=v${3/./_}
here=$(dirname "$(readlink -f "$0")")

assembly=$("$compiler" -std=c++17 -Wall -Wextra -Wpedantic -Werror -I"$include" -S -o - "$here/names.cpp")
within=10procession${#version}$version
grep -q "_Z14main_of_daemonRKN${within}7processE" <<<"$assembly" || { echo "the type process is not in $version"; exit 1; }
if grep -o '_Z[A-Za-z0-9_]*10procession[A-Za-z0-9_]*' <<<"$assembly" | sed "s/$within//g" | grep 10procession; then
    echo "the names above are not all in $version"
    exit 1
fi

for part in "$include"/procession/*.hpp; do
    grep -q '^namespace' "$part" || continue
    opened=$(grep -A1 '^namespace' "$part" | head -n 2 | tr '\n' ' ')
    [ "$opened" = "namespace procession { inline namespace $version { " ] || { echo "$part begins: $opened"; exit 1; }
done
