#!/bin/sh
# Builds and runs a program on the library as it is installed, by pkg-config and by CMake: consumer.sh DIRECTORY [CMAKE_ARGUMENT…]
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$1
shift
rm -rf "$work"
mkdir -p "$work"

# shellcheck disable=SC2046
cc "$here/tests/consumers/program/main.c" -o "$work/shared" $(pkg-config --cflags --libs procession) \
    -Wl,-rpath,"$(pkg-config --variable=libdir procession)"
"$work/shared"
# shellcheck disable=SC2046
cc -static "$here/tests/consumers/program/main.c" -o "$work/static" $(pkg-config --static --cflags --libs procession)
"$work/static"

cmake -S "$here/tests/consumers/program" -B "$work/cmake" -DLINK=procession "$@"
cmake --build "$work/cmake"
"$work/cmake/program"
"$work/cmake/values"
echo "programs by pkg-config and CMake run"
