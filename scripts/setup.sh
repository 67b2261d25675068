# shellcheck shell=bash
# Part of x: what must be on the machine, and from which Debian package it comes; and how gates install more, into build.

# A Debian package for each command that the build, the tests and the scripts use. The rest (awk, find, grep, sed, …)
# is part of every Debian; nm and readelf come with any C compiler.
packages() {
    cat <<'END'
cmake cmake
make make
pkg-config pkg-config
cc gcc
g++ g++
readelf binutils
clang clang
clang-format clang-format
clang-tidy clang-tidy
valgrind valgrind
gdb gdb
curl curl
shellcheck shellcheck
systemd-analyze systemd
promtool prometheus
python3 python3
END
}

has_header() { echo "#include <$1>" | c++ -E -x c++ - >/dev/null 2>&1; }

missing_packages() {
    local command package
    packages | while read -r command package; do
        command -v "$command" >/dev/null || echo "$package"
    done
    pkg-config --exists libmicrohttpd 2>/dev/null || echo libmicrohttpd-dev
    pkg-config --exists libuv 2>/dev/null || echo libuv1-dev
    pkg-config --exists gtest_main 2>/dev/null || echo libgtest-dev
    # ThreadSanitizer for clang; gcc brings its own.
    compgen -G "$(clang -print-resource-dir 2>/dev/null)/lib/*/libclang_rt.tsan-*" >/dev/null || echo libclang-rt-dev
    clang++ -stdlib=libc++ -x c++ -E -include __config /dev/null >/dev/null 2>&1 || printf "%s\n" libc++-dev libc++abi-dev
    has_header asio/version.hpp || echo libasio-dev
    has_header boost/asio/version.hpp || echo libboost-dev
    python3 -c 'import yaml' 2>/dev/null || echo python3-yaml
}

rust_needed() { sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml; }

rust_found() { cargo --version 2>/dev/null | cut -d ' ' -f 2; }

need_rust() {
    local needed found
    needed=$(rust_needed)
    found=$(rust_found) || found=none
    if [ "$found" = none ] || ! printf '%s\n' "$needed" "$found" | sort -VC; then
        echo "x: Rust $needed or later is needed, here is $found; install it, for example by rustup" >&2
        exit 1
    fi
}

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

install_packages() {
    echo "x: installing $*"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes apt-get install -qq -y --no-install-recommends "$@" >/dev/null
    # We want the program; where services are started when they are installed, it also has become one.
    case " $* " in
    *" prometheus "*) stop_service prometheus ;;
    esac
}

# These two know every init system of Debian's, and come with each.
stop_service() {
    { service "$1" stop && update-rc.d "$1" disable; } >/dev/null 2>&1 ||
        echo "x: the service $1 came with its package, and cannot be stopped" >&2
}

# Installs what is missing, or ends with the command that somebody who may can do it by.
need_packages() {
    [ $# -gt 0 ] || return 0
    can_install || {
        echo "x: this is missing; install it as root: apt-get install $*" >&2
        exit 1
    }
    install_packages "$@"
}

# The same for the packages that a command names.
need_packages_of() {
    local missing
    mapfile -t missing < <("$1")
    need_packages "${missing[@]}"
}

setup() {
    need_rust
    need_packages_of missing_packages
}

# once MANIFEST DIRECTORY COMMAND…: runs the command, unless it has filled the directory from the same manifest before.
once() {
    local manifest=$1 directory=$2
    shift 2
    ! cmp -s "$manifest" "$directory/installed" || return 0
    rm -rf "$directory" && mkdir -p "$directory" && "$@" && cp "$manifest" "$directory/installed"
}

# python_venv DIRECTORY MANIFEST: what the manifest names, with a Python of its own.
python_venv() { once "$2" "$1" pip_install "$1" "$2"; }

pip_install() {
    python3 -m venv "$1" && "$1/bin/pip" install --quiet --disable-pip-version-check -r "$2"
}
