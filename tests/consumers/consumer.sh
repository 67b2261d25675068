#!/usr/bin/env bash
# Builds and runs programs on the library as others would: consumer.sh CASE, with the settings of CMakeLists.txt in
# the environment.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
moved=$SCRATCH/moved
work=$SCRATCH/$1
answer=()

fail() {
    echo "$*" >&2
    exit 1
}

needs() { readelf -dW "$1" | grep -F "(NEEDED)"; }

# A shared program asks for the library by SONAME, never by a path; a static one does not ask for it.
run_shared() {
    needs "$1" | grep -qF "[$SONAME]" || fail "$1 does not need $SONAME"
    LD_LIBRARY_PATH=${2:-} "$1"
}

run_static() {
    ! needs "$1" | grep -F libprocession || fail "$1 needs the shared library"
    "$1"
}

build_with_cmake() {
    local project=$1
    shift
    "$CMAKE" -G "$GENERATOR" -S "$project" -B "$work" "$@"
    "$CMAKE" --build "$work"
}

# pkg-config answers in words of the shell, in which a space may be quoted.
ask_pkg_config() { eval "answer=($(PKG_CONFIG_PATH=$moved/$LIBDIR/pkgconfig pkg-config "$@" procession))"; }

build_with_pkg_config() {
    mkdir -p "$work"
    ask_pkg_config --cflags
    "$CC" "${answer[@]}" "$here/program/main.c" -o "$work/program" "$@"
    "$CXX" -std=c++17 "${answer[@]}" "$here/program/values.cpp" -o "$work/values" "$@"
}

# Each program, by run_shared or run_static.
run_all() {
    local run=$1 programs=$2 program
    shift 2
    for program in $programs; do
        "$run" "$work/$program" "$@"
    done
}

# Nothing that is installed may name a place on this machine: not the sources, the build, the first prefix, nor the
# crates of whoever built it. A debugger does need to know.
is_machine_neutral() {
    [ "$PROFILE" != dev ] || return 0
    local place
    for place in "$SOURCE" "$BUILD" "$SCRATCH" "${CARGO_HOME:-$HOME/.cargo}"; do
        ! grep -rlF -e "$place" "$1" || fail "these name $place"
    done
}

# From another directory, and without leaving anything in the tree.
runs_trace_tool() {
    local before
    command -v python3 >/dev/null || {
        echo "there is no python3, so procession-trace was not tried"
        return 0
    }
    before=$(find "$moved")
    [ "$(cd / && "$(realpath "$moved")/bin/procession-trace" --version)" = "procession-trace $VERSION" ]
    [ "$(find "$moved")" = "$before" ]
}

# A program that knows nothing of the library, by what is installed beside it.
runs_sim_tool() {
    local tool
    tool=$(realpath "$moved")/bin/procession-sim
    [ ! -e "$tool" ] || ! command -v python3 >/dev/null || (cd / && "$tool" --runs 3 true)
}

# The check must find what is wrong first: as they are in the sources, documents link to what is not installed.
links_lead_on() {
    local documents=$moved/share/doc/procession wrong=$SCRATCH/links
    mkdir -p "$wrong" && cp "$SOURCE/README.md" "$wrong"
    bash "$here/links.sh" "$wrong" >/dev/null && fail "no dead link is found where there are some"
    bash "$here/links.sh" "$documents"
}

case_install() {
    "$CMAKE" --install "$BUILD" --prefix "$work"
    rm -rf "$moved"
    mv "$work" "$moved"
    is_machine_neutral "$moved"
    [ "$(stat -c %a "$moved/$LIBDIR/libprocession.so.$VERSION")" = 755 ]
    [ "$(readlink "$moved/$LIBDIR/$SONAME")" = "libprocession.so.$VERSION" ]
    [ "$(readlink -f "$moved/$LIBDIR/libprocession.so")" = "$(realpath "$moved")/$LIBDIR/libprocession.so.$VERSION" ]
    [ -s "$moved/share/procession/procession.tsan.supp" ]
    links_lead_on
    runs_trace_tool
    runs_sim_tool
}

# A C program, one of C and C++ together, and one of C++, which also asks for what is for C++.
case_cmake_shared() {
    build_with_cmake "$here/program" -DCMAKE_PREFIX_PATH="$moved" -DLINK=procession
    run_all run_shared "program mixed values values_of_cxx"
    [ ! -e "$work/operation" ] || run_shared "$work/operation"
}

case_cmake_static() {
    build_with_cmake "$here/program" -DCMAKE_PREFIX_PATH="$moved" -DLINK=static
    run_all run_static "program mixed values"
}

case_pkg_config_shared() {
    ask_pkg_config --libs
    build_with_pkg_config "${answer[@]}"
    run_all run_shared "program values" "$moved/$LIBDIR"
}

# As pkg-config means it, --static belongs to a program that is static as a whole; and to one that takes only this library so.
case_pkg_config_static() {
    ask_pkg_config --libs --static
    local libs=("${answer[@]}")
    build_with_pkg_config -static "${libs[@]}"
    run_all run_static "program values"
    build_with_pkg_config "${libs[@]/#-lprocession/-l:libprocession.a}"
    run_all run_static "program values"
}

# Clang, with either standard library of C++; what is built here is by the other compiler. CLANGXX is empty, and so is HAS_LIBCXX, where there is none.
case_clang() {
    mkdir -p "$work"
    ask_pkg_config --cflags --libs
    local library standard
    for library in libstdc++ ${HAS_LIBCXX:+libc++}; do
        for standard in c++17 c++20; do
            "$CLANGXX" -stdlib="$library" -std=$standard "$here/program/values.cpp" -o "$work/${library}_$standard" "${answer[@]}"
            run_shared "$work/${library}_$standard" "$moved/$LIBDIR"
        done
    done
}

# While the major version is 0, each minor version is another interface.
case_versions() {
    build_with_cmake "$here/versions" -DCMAKE_PREFIX_PATH="$moved"
    ask_pkg_config --modversion
    [ "${answer[*]}" = "$VERSION" ]
}

# What a packager does: installed for one place, put into another.
case_destdir() {
    DESTDIR=$work "$CMAKE" --install "$BUILD" --prefix /opt/procession
    moved=$work/opt/procession
    [ "$(ls -A "$work")" = opt ]
    is_machine_neutral "$work"
    case_pkg_config_shared
}

# configure PLACE OPTION…: the sources once more, with what cargo has already built.
configure() {
    local place=$1
    shift
    "$CMAKE" -G "$GENERATOR" -S "$SOURCE" -B "$place" -DPROCESSION_TESTS=OFF -DPROCESSION_CARGO_TARGET_DIR="$TARGET_DIR" \
        -DPROCESSION_CARGO_PROFILE="$PROFILE" "$@"
}

# Libraries at a place that has nothing to do with that of the rest, as some distributions and Nix want it.
case_absolute_libdir() {
    configure "$work/build" -DCMAKE_INSTALL_PREFIX="$work/rest" -DCMAKE_INSTALL_LIBDIR="$work/libraries"
    "$CMAKE" --build "$work/build"
    "$CMAKE" --install "$work/build"
    [ ! -e "$work/rest/lib" ] || fail "libraries are where the rest is"
    mkdir "$work/found"
    moved=$work LIBDIR=libraries
    ask_pkg_config --libs
    build_with_pkg_config "${answer[@]}"
    run_all run_shared "program values" "$work/libraries"
    work=$work/found
    build_with_cmake "$here/program" -Dprocession_DIR="$moved/libraries/cmake/procession" -DLINK=procession
    run_all run_shared "program values"
}

# What every compiler does anyway is not said, for that would change in which order it looks.
case_usual_prefix() {
    configure "$work" -DCMAKE_INSTALL_PREFIX=/usr
    [ "$(pkg-config --cflags "$work/procession.pc" | tr -d ' ')" = "" ]
    [ "$(PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 pkg-config --libs "$work/procession.pc" | tr -d ' ')" = -lprocession ]
}

# Who has an older Rust learns that when he configures, and in words. The same for one that does not run.
case_old_rust() {
    mkdir -p "$work"
    printf '#!/bin/sh\necho "rustc 1.70.0 (90c541806 2023-05-31)"\n' >"$work/rustc"
    chmod +x "$work/rustc"
    ! configure "$work/build" -DRUSTC="$work/rustc" 2>"$work/says" || fail "an old Rust was taken"
    tr -s ' \n' '  ' <"$work/says" | grep -F "or newer, and $work/rustc is 1.70.0"
    printf '#!/bin/sh\necho "no toolchain" >&2; exit 1\n' >"$work/rustc"
    ! configure "$work/build" -DRUSTC="$work/rustc" 2>"$work/says" || fail "no Rust was taken"
    tr -s ' \n' '  ' <"$work/says" | grep -F "$work/rustc does not run: no toolchain"
}

# What distributions and users have in their environment: C is left to the linker to optimize, and cargo builds for another machine, unless it is
# told for which. Built in a directory with a space in its name, all functions are there.
case_environment() {
    local place="$work/built here"
    export CFLAGS="-O1 -flto" LDFLAGS=-flto CARGO_BUILD_TARGET=wasm32-unknown-unknown
    "$CMAKE" -G "$GENERATOR" -S "$SOURCE" -B "$place" -DPROCESSION_TESTS=OFF -DPROCESSION_CARGO_PROFILE=dev
    "$CMAKE" --build "$place"
    bash "$SOURCE/tests/exports.sh" symbols "$place/lib/libprocession.so" "$SOURCE/include/procession.h" "$SONAME"
}

# Another static library in Rust, as it is by default and optimized as a whole, and a program in Rust.
case_beside_rust() {
    mkdir -p "$work"
    ask_pkg_config --cflags --libs --static
    local others=("${answer[@]/#-lprocession/-l:libprocession.a}") lto
    for lto in no fat; do
        "$RUSTC" -O -C lto=$lto --crate-type staticlib "$here/rust/other.rs" -o "$work/libother_$lto.a"
        "$CC" "$here/rust/main.c" -o "$work/beside_$lto" "$work/libother_$lto.a" "${others[@]}"
        run_static "$work/beside_$lto"
        "$RUSTC" -O -C lto=$lto --edition 2024 "$here/rust/main.rs" -o "$work/in_rust_$lto" -L "$moved/$LIBDIR" -l static=procession
        run_static "$work/in_rust_$lto" 2>/dev/null
    done
}

# Two minor versions of the library, by two parts of one program.
case_two_versions() {
    mkdir -p "$work"
    local former="$work/libprocession.so.0.1" name
    echo "PROCESSION_0.1 { global: proc_*; local: *; };" >"$work/former.map"
    "$CC" -shared -fPIC "$here/two/former.c" -o "$former" -Wl,-soname,libprocession.so.0.1,--version-script="$work/former.map"
    for name in former this; do
        local library=$former
        [ $name = former ] || library=$moved/$LIBDIR/libprocession.so
        "$CC" -shared -fPIC -DPART=part_of_$name "$here/two/part.c" -o "$work/lib$name.so" "$library"
    done
    # In either order: the one that comes first is not everybody's.
    for name in "-lformer -lthis" "-lthis -lformer"; do
        # shellcheck disable=SC2086
        "$CC" "$here/two/main.c" -o "$work/two" -L"$work" $name -Wl,-rpath-link,"$work:$moved/$LIBDIR"
        LD_LIBRARY_PATH=$work:$moved/$LIBDIR "$work/two" "$VERSION"
    done
}

# The sources inside another project, which gets the library and none of our tests.
case_embedded() {
    build_with_cmake "$here/embedded" -DFETCHCONTENT_SOURCE_DIR_PROCESSION="$SOURCE" \
        -DPROCESSION_CARGO_TARGET_DIR="$TARGET_DIR" -DPROCESSION_CARGO_PROFILE="$PROFILE"
    run_shared "$work/program"
    run_static "$work/program_static"
    [ ! -e "$work/CTestTestfile.cmake" ] || fail "the tests came along"
    DESTDIR=$work/installed "$CMAKE" --install "$work"
    [ ! -e "$work/installed" ] || fail "it is installed with what it is a part of"
}

rm -rf "$work"
"case_$1"
