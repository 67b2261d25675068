#!/usr/bin/env bash
# tricks.sh: what gets worse without each trick of the engine. benches/tricks has a patch for each, which takes it away from
# a copy of the source; its first lines name the workload that should suffer. Both libraries run it in turns, and the
# table shows the median of the ratios. `./x bench --tricks` is what people call.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

out=$PWD/build/bench/tricks
program=build/bench/procession
report=docs/bench/tricks.md
rounds=15

# The source as it is, in a place of its own.
copy_source() {
    rm -rf "$out/source"
    mkdir -p "$out/source"
    git ls-files src include cmake Cargo.toml Cargo.lock build.rs cbindgen.toml tests benches | tar -cf - -T - | tar -xf - -C "$out/source"
}

# build NAME makes the library of the copy, as it is now, and keeps it under that name.
build() {
    CARGO_TARGET_DIR=$out/cargo cargo rustc --crate-type staticlib --release --locked --lib --quiet --manifest-path "$out/source/Cargo.toml" 2>"$out/$1.log" || {
        echo "tricks: without $1 it does not build, see $out/$1.log" >&2
        return 1
    }
    mkdir -p "$out/$1"
    sh cmake/shared.sh "$out/cargo/release/libprocession.a" "$out/$1/libprocession.so.0.2"
}

build_without() {
    patch --quiet --batch -p1 -d "$out/source" <"benches/tricks/$1.patch" && build "$1" &&
        patch --quiet --batch --reverse -p1 -d "$out/source" <"benches/tricks/$1.patch"
}

build_program() {
    cc -O2 -std=gnu11 benches/peers/procession/*.c -o "$program" -Iinclude "$out/with/libprocession.so.0.2" -pthread
}

median() { sort -g | awk '{ all[NR] = $1 } END { printf "%.2f\n", all[int((NR + 1) / 2)] }'; }

# run LIBRARY WORKLOAD N: the median of what the program prints.
run() { LD_LIBRARY_PATH=$out/$1 "$program" "$2" "$3" 5 | median; }

# The ratios of one workload, a line a round.
ratios() {
    local name=$1 round with without
    shift
    for ((round = 0; round < rounds; round++)); do
        with=$(run with "$@")
        without=$(run "$name" "$@")
        awk -v with="$with" -v without="$without" 'BEGIN { print without / with, with, without }'
    done
}

field() { sed -n "s/^$1: //p" "benches/tricks/$2.patch"; }

measure() {
    local name=$1 workload figures
    workload=$(field workload "$name")
    # shellcheck disable=SC2086
    figures=$(ratios "$name" $workload)
    printf '| %s | %s | %s | %s | %s |\n' "$(field trick "$name")" "$workload" \
        "$(cut -d ' ' -f 2 <<<"$figures" | median)" "$(cut -d ' ' -f 3 <<<"$figures" | median)" \
        "$(cut -d ' ' -f 1 <<<"$figures" | median)"
}

head_of_report() {
    cat <<'END'
# What gets worse without each trick

Written by `./x bench --tricks`. Each row is a patch in `benches/tricks` that takes one trick away. The workloads are those of
[the benchmark](README.md), in its units; the last column is the median of the ratios of runs in turns, without over with: 1 means that
the trick did nothing on this machine.

| trick | workload | with | without | ratio |
| --- | --- | ---: | ---: | ---: |
END
}

main() {
    local name names=()
    mkdir -p "$out"
    for name in benches/tricks/*.patch; do
        names+=("$(basename "$name" .patch)")
    done
    echo "tricks: building ${#names[@]} libraries" >&2
    copy_source
    build with
    build_program
    for name in "${names[@]}"; do
        build_without "$name"
    done
    {
        head_of_report
        for name in "${names[@]}"; do
            echo "tricks: $name" >&2
            measure "$name"
        done
    } | tee "$out/report.md"
    cp "$out/report.md" "$report"
    echo "tricks: the report is $report" >&2
}

main "$@"
