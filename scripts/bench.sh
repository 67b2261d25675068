#!/usr/bin/env bash
# bench.sh [--quick]: builds procession and its peers, runs them side by side, prints one table and writes it with
# plots to docs/bench. A peer that cannot be built here is named and left out. With --tricks it measures instead what the
# engine's tricks are good for (tricks.sh). `./x bench` is what people call.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/setup.sh

peers=(tbb openmp rayon tokio errgroup jthread pthread kernel)
out=build/bench
programs=$out/programs
flags=(-O2 -Wall -Wextra)

# Only the benchmark needs these, so `./x setup` does not install them.
missing_peer_packages() {
    pkg-config --exists tbb || echo libtbb-dev
    command -v go >/dev/null || echo golang-go
}

install_peers() {
    local missing
    mapfile -t missing < <(missing_peer_packages)
    [ ${#missing[@]} -gt 0 ] || return 0
    if can_install; then
        install_packages "${missing[@]}" || echo "bench: could not install ${missing[*]}" >&2
    else
        echo "bench: to have all peers, install as root: apt-get install ${missing[*]}" >&2
    fi
}

c_peer() { cc "${flags[@]}" -std=gnu11 "benches/peers/$1"/*.c -o "$programs/$1" -pthread "${@:2}"; }

cpp_peer() { c++ "${flags[@]}" -std=c++20 "benches/peers/$1/main.cpp" -o "$programs/$1" -pthread "${@:2}"; }

crate() { cargo build --release --locked --manifest-path "$1/Cargo.toml" --target-dir "$out/cargo" "${@:2}"; }

rust_peer() { crate benches/peers/rust --bin "$1" && cp "$out/cargo/release/$1" "$programs/"; }

# The library as it is installed, by the same build.
build_library() { cmake --preset release && cmake --build --preset release --target procession_shared; }

# The program finds the library from where it stands, and the loader, not the shell, reads $ORIGIN.
build_procession() {
    # shellcheck disable=SC2016
    c_peer procession -Iinclude -Lbuild/release/lib -lprocession -Wl,-rpath,'$ORIGIN/../../release/lib'
}

# What is counted by single steps, where the processor's instructions are known to the stepper.
# shellcheck disable=SC2016
build_counts() {
    cc "${flags[@]}" -std=gnu11 -D_GNU_SOURCE tests/counts/*.c -o "$programs/counts" -Iinclude -Lbuild/release/lib -lprocession -pthread \
        -Wl,-rpath,'$ORIGIN/../../release/lib'
}

build_tbb() { cpp_peer tbb -ltbb; }
build_jthread() { cpp_peer jthread; }
build_pthread() { c_peer pthread; }
build_kernel() { c_peer kernel; }
build_openmp() { c_peer openmp -fopenmp; }
build_rayon() { rust_peer rayon; }
build_tokio() { rust_peer tokio; }
build_driver() { crate benches/driver; }

# GOTOOLCHAIN: another Go than the one installed would be downloaded otherwise.
build_errgroup() {
    local program=$PWD/$programs/errgroup
    (cd benches/peers/go && GOTOOLCHAIN=local go build -o "$program" .)
}

# Bash switches -e off in a condition, so what is called here joins its commands by &&.
try() { "build_$1" >"$out/$1.log" 2>&1; }

must() {
    try "$1" || {
        echo "bench: $1 could not be built:" >&2
        tail -n 20 "$out/$1.log" >&2
        exit 1
    }
}

build_all() {
    local name
    rm -rf "$programs"
    mkdir -p "$programs"
    for name in library procession driver; do
        must "$name"
    done
    for name in counts "${peers[@]}"; do
        try "$name" || echo "bench: $name is left out: it could not be built, see $out/$name.log" >&2
    done
}

main() {
    case "$*" in
    "" | --quick) ;;
    --tricks) exec bash scripts/tricks.sh ;;
    *)
        echo "usage: ./x bench [--quick | --tricks]" >&2
        exit 2
        ;;
    esac
    install_peers
    echo "bench: building" >&2
    build_all
    # Thousands of threads at once may be more than the soft limit.
    ulimit -S -u "$(ulimit -H -u)" || true
    "$out/cargo/release/procession-bench-driver" "$@" "$programs" docs/bench
    echo "bench: the report is docs/bench/README.md" >&2
}

main "$@"
