# shellcheck shell=bash
# Part of x: `x platforms`, which builds the library for other machines and C libraries, and runs the C tests there as far as this machine
# can: static musl by itself, other processors by qemu-user. What a platform cannot run is in scripts/platforms.txt, with the reason.

platforms=(musl aarch64 riscv64 s390x i686 armhf)

# What Rust calls it.
platform_target() {
    case $1 in
    musl) echo x86_64-unknown-linux-musl ;;
    riscv64) echo riscv64gc-unknown-linux-gnu ;;
    armhf) echo armv7-unknown-linux-gnueabihf ;;
    *) echo "$1-unknown-linux-gnu" ;;
    esac
}

# The C compiler. Debian's for musl leaves out of a static program what unwinding looks up.
platform_cc() {
    case $1 in
    musl) echo "musl-gcc -static -Wl,--eh-frame-hdr" ;;
    *) echo "$1-linux-gnu-gcc" ;;
    esac
}

# What runs programs of that processor.
platform_emulator() { [ "$1" = musl ] || command -v "qemu-$1"; }

platform_tool() {
    case $1 in
    musl) echo "$2" ;;
    *) echo "$1-linux-gnu-$2" ;;
    esac
}

platform_packages() {
    case $1 in
    musl) packages_for musl-gcc musl-tools ;;
    aarch64) packages_for aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross && packages_for qemu-aarch64 qemu-user ;;
    riscv64 | s390x) packages_for "$1-linux-gnu-gcc" "gcc-$1-linux-gnu" "libc6-dev-$1-cross" && packages_for "qemu-$1" qemu-user ;;
    esac
}

# The packages, if the command that comes with them is not there.
packages_for() { command -v "$1" >/dev/null || printf '%s\n' "${@:2}"; }

# Rust's part of it, where rustup has it.
platform_rust() {
    local target
    target=$(platform_target "$1")
    [ -d "$(rustc --print target-libdir --target "$target")" ] || rustup target add "$target" || {
        echo "x: Rust's standard library for $target is not installed: rustup target add $target" >&2
        return 1
    }
}

# Without link-time optimization, for that takes a minute on each.
platform_library() {
    local target name=$1 out=build/platforms/$1
    target=$(platform_target "$name")
    mkdir -p "$out/bin"
    env "CC_${target//-/_}=$(platform_cc "$name" | cut -d ' ' -f 1)" \
        CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=2 \
        cargo rustc --quiet --lib --crate-type staticlib --release --locked --target-dir build/platforms/cargo --target "$target" &&
        UNWINDER=$(unwinder "$target") LD=$(platform_tool "$name" ld) OBJCOPY=$(platform_tool "$name" objcopy) READELF=readelf \
            sh cmake/relocatable.sh "build/platforms/cargo/$target/release/libprocession.a" "$out/procession.o" --strip-debug
}

# Rust brings one for musl, whose compiler in Debian has glibc's.
unwinder() { find "$(rustc --print target-libdir --target "$1")/self-contained" -name libunwind.a 2>/dev/null || true; }

# platform_program NAME SOURCE PROGRAM
platform_program() {
    # shellcheck disable=SC2046 # the compiler and its options are several words
    $(platform_cc "$1") -std=c11 -D_GNU_SOURCE -DPROJECT_VERSION="\"$(version)\"" -O1 -g1 -w -Iinclude -Itests/c "$2" "build/platforms/$1/procession.o" \
        -o "$3" -pthread -ldl -lm $(platform_loader "$1")
}

# Where the libraries of that processor are. Told to the programs, for those that they start may have another environment.
platform_loader() {
    local libraries=/usr/$1-linux-gnu/lib loader
    for loader in "$libraries"/ld-linux-*.so.? "$libraries"/ld64.so.?; do
        [ ! -e "$loader" ] || echo "-Wl,-rpath,$libraries -Wl,--dynamic-linker=$loader"
    done
}

version() { sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml; }

# What scripts/platforms.txt says of a platform: TOPIC, or TOPIC/CASE, and the reason. ($RUN is what runs its programs, if the system
# does not know that by itself.)
left_out() {
    awk -v name="$1" -v run="$RUN" '
        $2 == name || name != "musl" && ($2 == "qemu" || $2 == "qemu-alone" && run != "") { topic = $1; $1 = $2 = ""; print topic, substr($0, 3) }' scripts/platforms.txt
}

# why_left_out NAME TOPIC, and cases_left_out NAME TOPIC
why_left_out() { left_out "$1" | awk -v topic="$2" '$1 == topic { $1 = ""; print substr($0, 2); exit }'; }
cases_left_out() { left_out "$1" | awk -v topic="$2/" 'index($1, topic) == 1 { printf " %s ", substr($1, length(topic) + 1) }'; }

# platform_test NAME TOPIC: a line with what came of it.
platform_test() {
    local name=$1 topic=$2 out=build/platforms/$1 why status
    why=$(why_left_out "$name" "$topic")
    if [ -n "$why" ]; then
        echo "$topic left out: $why"
        return
    fi
    [ -z "$RUN" ] || export CHECK_EMULATOR=$RUN
    CHECK_WITHOUT=$(cases_left_out "$name" "$topic")
    export CHECK_WITHOUT
    if ! platform_program "$name" "tests/c/$topic.c" "$out/bin/$topic" >"$out/$topic.log" 2>&1; then
        echo "$topic FAILED to compile, see $out/$topic.log"
        return
    fi
    CHECK_DEADLINE=60 CHECK_SCALE=${scale:-100} timeout --kill-after 5 150 ${RUN:+"$RUN"} "$out/bin/$topic" >"$out/$topic.log" 2>&1
    status=$?
    if [ $status = 0 ]; then
        echo "$topic passed"
    else
        echo "$topic FAILED ($status), see $out/$topic.log"
    fi
}

# Where another kind of processor is tried already, a few are enough: of each room, and where the order of bytes and how C passes arguments matter.
few='cancel|channel|concurrent|dump|echo|error_trees|error_wrap|errors|group|hooks|init|io|jobs|limits|main_with|names|nursery|poll|promise|queue|race|ready|sequence|simulate|stack|trace|values|wait'

platform_topics() {
    case $1 in
    musl | aarch64) all_topics ;;
    *) all_topics | grep -xE "$few" ;;
    esac
}

# Those that need a plug-in, or take another compiler's options, are CMake's alone.
all_topics() { find tests/c -maxdepth 1 -name '*.c' -printf '%f\n' | sed 's/\.c$//' | grep -vE '^(plugin|slots)$' | sort; }

platform_run() {
    local name=$1 results=build/platforms/$1/results RUN="" scale=100 place=()
    [ "$name" = musl ] || scale=10
    rm -f "$results"
    platform_library "$name" || return 1
    if [ "$name" != musl ] && ! platform_knows "$name"; then
        RUN=$(platform_emulator "$name")
        echo "the system cannot be told what runs programs of $name (binfmt_misc), so tests that start such are left out"
    fi
    export scale RUN
    platform_topics "$name" | "${place[@]}" xargs -P "$((2 * $(nproc)))" -I '{}' "$BASH" -c "$(declare -f version platform_program \
        platform_test platform_cc platform_loader left_out why_left_out cases_left_out)
        platform_test $name {}" >"$results" 2>/dev/null
    grep -v ' passed$' "$results" | sort
    echo "$name: $(grep -c ' passed$' "$results") of the C tests passed, $(grep -c ' left out' "$results") left out, $(grep -c ' FAILED' "$results") failed"
    ! grep -q ' FAILED' "$results"
}

# Whether programs of that platform can be executed here like any other, at least in the place that `place` leads to: since Linux 6.7, a
# user namespace has a binfmt_misc of its own.
platform_knows() {
    local empty=build/platforms/$1/bin/empty
    echo 'int main(void) { return 0; }' >"$empty.c" && platform_program "$1" "$empty.c" "$empty" || return 1
    ! "$empty" 2>/dev/null || return 0
    place=(unshare --user --map-root-user --mount bash scripts/binfmt.sh "$(platform_emulator "$1")" "$empty")
    "${place[@]}" "$empty" 2>/dev/null
}

refusal='procession needs a target of 64 bits'

# A machine of 32 bits is refused in words, by cargo and by CMake. The compiler of this machine makes such objects, too, and is asked for no more.
platform_refused() {
    local said
    said=$(cmake -S . -B "build/platforms/$1" -DCMAKE_C_FLAGS=-m32 -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY -DPROCESSION_TESTS=OFF 2>&1) || true
    grep "$refusal" <<<"$said" || { echo "$said" && return 1; }
    said=$(cargo check --quiet --locked --lib --target-dir build/platforms/cargo --target "$(platform_target "$1")" 2>&1) && {
        echo "x: the library is built for $1, where its structs have gaps" >&2
        return 1
    }
    grep "$refusal" <<<"$said" || { echo "$said" && return 1; }
}

platform() {
    case $1 in
    i686 | armhf) platform_rust "$1" && platform_refused "$1" ;;
    musl | aarch64 | riscv64 | s390x)
        mapfile -t missing < <(platform_packages "$1")
        need_packages "${missing[@]}"
        platform_rust "$1" && platform_run "$1"
        ;;
    *)
        echo "x: platforms has no $1; there are: ${platforms[*]}" >&2
        exit 2
        ;;
    esac
}

platforms() {
    local name failed=""
    [ $# -gt 0 ] || set -- "${platforms[@]}"
    for name in "$@"; do
        printf '\n=== %s\n' "$name"
        platform "$name" || failed+=" $name"
    done
    [ -z "$failed" ] || { echo "x: failed:$failed" >&2 && return 1; }
}
