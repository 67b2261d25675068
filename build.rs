//! The one C file in the library, and which machines it is for.

fn main() {
    // Structs of the C API would have gaps, and counters be two words.
    let width = std::env::var("CARGO_CFG_TARGET_POINTER_WIDTH").expect("cargo sets it");
    if width != "64" {
        println!("cargo::error=procession needs a target of 64 bits, and this one has {width}");
        return;
    }
    println!("cargo:rerun-if-changed=src/ffi/printf.c");
    let directory = std::env::var("OUT_DIR").expect("cargo sets it");
    let object = std::path::Path::new(&directory).join("printf.o");
    let mut build = cc::Build::new();
    // Some distributions have the linker optimize (-flto in CFLAGS). Such an object has no code yet, and would be left out of the one that
    // the library is made into. What is said last counts.
    let status = build
        .warnings(true)
        .get_compiler()
        .to_command()
        .args(["-fno-lto", "-c", "src/ffi/printf.c", "-o"])
        .arg(&object)
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "the C compiler fails"
    );
    build.object(object).compile("procession_printf");
}
