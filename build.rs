//! How the shared library is linked, and the one C file in it.

fn main() {
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
    // The library's threads outlive any dlclose, so its code must stay mapped.
    link("-z,nodelete");
}

fn env(name: &str) -> String {
    std::env::var(name).expect("cargo sets the package's version")
}

fn link(flags: &str) {
    println!("cargo:rustc-cdylib-link-arg=-Wl,{flags}");
}
