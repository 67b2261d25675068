#!/bin/sh
# The library as one object, for meson.build: object.sh OBJECT SOURCES TARGET_DIR PROFILE RUST_TARGET [OBJCOPY_OPTION…], with CARGO, CC and what
# relocatable.sh needs in the environment. RUST_TARGET is empty for this machine. Cargo is always told, so that no configuration of the user's (`build.target`) is.
set -eu
object=$PWD/$1 sources=$2 target_dir=$3 profile=$4 rust_target=${5:-$("${RUSTC:-rustc}" -vV | sed -n 's/^host: //p')}
shift 5

case $profile in
dev) output=debug remap= ;;
*)
    output=$profile
    remap="'--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo','--remap-path-prefix=$sources=procession','--remap-path-prefix=$target_dir=build'"
    export CC_SHELL_ESCAPED_FLAGS=1 CFLAGS="${CFLAGS:-} '-ffile-prefix-map=$sources=procession'"
    ;;
esac
export "CC_$(echo "$rust_target" | tr - _)=$CC"
unset CC

# Where the sources are, cargo looks for a directory of vendored crates.
cd "$sources"
"$CARGO" rustc --target "$rust_target" --crate-type staticlib --locked --lib --profile "$profile" --target-dir "$target_dir" \
    --config "target.'cfg(all())'.rustflags=[$remap]"
sh cmake/relocatable.sh "$target_dir/$rust_target/$output/libprocession.a" "$object" "$@"
