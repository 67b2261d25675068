//! The committed header is what cbindgen makes of the source, byte for byte.
//!
//! `PROCESSION_WRITE_HEADER=1 cargo test --test header`, which is `./x header`, writes it.

use std::path::Path;

fn generated() -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let config = cbindgen::Config::from_root_or_default(root);
    let bindings = cbindgen::generate_with_config(root, config).expect("cbindgen reads the source");
    let mut header = Vec::new();
    bindings.write(&mut header);
    with_banners(&with_tags(
        &String::from_utf8(header).expect("the source is UTF-8"),
    ))
}

/// Gives structs with fields a tag, so that programs can name them before they include the header.
fn with_tags(header: &str) -> String {
    let mut tagged = String::new();
    let mut rest = header;
    while let Some((before, after)) = rest.split_once("typedef struct {") {
        let (_, end) = after.split_once("\n} ").expect("a struct ends");
        let (name, _) = end.split_once(';').expect("with its name");
        tagged += &format!("{before}typedef struct {name} {{");
        rest = after;
    }
    tagged + rest
}

/// Lifts the heading that the first function of a module begins with out of its comment.
fn with_banners(header: &str) -> String {
    let line = "-".repeat(96);
    let mut lifted = String::new();
    let mut rest = header;
    while let Some((before, after)) = rest.split_once("/**\n * # ") {
        let (title, after) = after
            .split_once("\n *\n")
            .expect("a blank line under a heading");
        lifted += &format!("{before}/* {line}\n * {title}\n * {line} */\n\n/**\n");
        rest = after;
    }
    lifted + rest
}

#[test]
fn the_header_is_generated_from_the_source() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/procession.h");
    let header = generated();
    if std::env::var_os("PROCESSION_WRITE_HEADER").is_some() {
        std::fs::write(&path, &header).expect("include/ can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let first = header
        .lines()
        .zip(committed.lines())
        .find(|(new, old)| new != old);
    assert!(
        header == committed,
        "include/procession.h is not what src/ffi says: run ./x header. First difference: {first:?}"
    );
}

#[test]
fn the_version_macros_are_the_package_version() {
    let parts = ["MAJOR", "MINOR", "PATCH"];
    let version: Vec<&str> = env!("CARGO_PKG_VERSION").split('.').collect();
    for (part, number) in parts.iter().zip(version) {
        let line = format!("#define PROC_VERSION_{part} {number}\n");
        assert!(generated().contains(&line), "the header lacks {line}");
    }
}
