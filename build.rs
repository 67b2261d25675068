//! How the shared library is linked, the one C file in it, and which machines it is for.

fn main() {
    // Structs of the C API would have gaps, and counters be two words.
    let width = env("CARGO_CFG_TARGET_POINTER_WIDTH");
    if width != "64" {
        println!("cargo::error=procession needs a target of 64 bits, and this one has {width}");
        return;
    }
    println!("cargo:rerun-if-changed=src/ffi/printf.c");
    cc::Build::new()
        .file("src/ffi/printf.c")
        .flag_if_supported("-fvisibility=hidden")
        .warnings(true)
        .compile("procession_printf");

    // While the major version is 0, every minor version may break the ABI: both make up the SONAME.
    let major = env("CARGO_PKG_VERSION_MAJOR");
    let minor = env("CARGO_PKG_VERSION_MINOR");
    link(&format!("-soname,libprocession.so.{major}.{minor}"));
    // The library's threads outlive any dlclose, so its code must stay mapped. The static one sees to that (`stay`).
    link("-z,nodelete");
}

fn env(name: &str) -> String {
    std::env::var(name).expect("cargo sets it")
}

fn link(flags: &str) {
    println!("cargo:rustc-cdylib-link-arg=-Wl,{flags}");
}
