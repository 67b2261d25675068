//! The one C file in the library, and which machines it is for.

fn main() {
    // Structs of the C API would have gaps, and counters be two words.
    let width = std::env::var("CARGO_CFG_TARGET_POINTER_WIDTH").expect("cargo sets it");
    if width != "64" {
        println!("cargo::error=procession needs a target of 64 bits, and this one has {width}");
        return;
    }
    println!("cargo:rerun-if-changed=src/ffi/printf.c");
    cc::Build::new()
        .file("src/ffi/printf.c")
        .warnings(true)
        .compile("procession_printf");
}
