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
    let header = String::from_utf8(header).expect("the source is UTF-8");
    with_contents(&with_banners(&with_tags(&header)))
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

const LINE: &str = "------------------------------------------------------------------------------------------------";

/// Lifts the heading that the first function of a module begins with out of its comment.
fn with_banners(header: &str) -> String {
    let mut lifted = String::new();
    let mut rest = header;
    while let Some((before, after)) = rest.split_once("/**\n * # ") {
        let (title, after) = after
            .split_once("\n *\n")
            .expect("a blank line under a heading");
        lifted += &format!("{before}/* {LINE}\n * {title}\n * {LINE} */\n\n/**\n");
        rest = after;
    }
    lifted + rest
}

/// Lists all functions, by section, after the first comment.
fn with_contents(header: &str) -> String {
    let (about, rest) = header
        .split_once("\n */\n")
        .expect("the header begins with a comment");
    let mut contents = "\n/*\n * Contents".to_owned();
    for section in rest.split(&format!("/* {LINE}\n * ")).skip(1) {
        let (title, functions) = section.split_once("\n * -").expect("a banner ends");
        contents += &format!("\n *\n * {title}\n");
        for (name, brief) in functions_of(functions) {
            contents += &format!(" *   {name:29}  {brief}\n");
        }
        contents.truncate(contents.trim_end().len());
    }
    format!("{about}\n */\n{contents}\n */\n{rest}")
}

/// Each function with the first sentence of its comment.
fn functions_of(section: &str) -> Vec<(&str, String)> {
    let comments = section.split("\n/**\n").skip(1);
    comments
        .map(|text| {
            let (comment, declaration) = text.split_once("\n */\n").expect("a comment ends");
            let (before, _) = declaration.split_once('(').expect("a function follows");
            let name = before.rsplit([' ', '*', '\n']).next().expect("with a name");
            (name, first_sentence(comment))
        })
        .collect()
}

fn first_sentence(comment: &str) -> String {
    let paragraph = comment.split("\n *\n").next().expect("there is a first");
    let text = paragraph.trim_start_matches(" * ").replace("\n * ", " ");
    let end = text.find(". ").map_or(text.len(), |end| end + 1);
    text[..end].replace(['`', '*'], "")
}

#[test]
fn first_sentences_fit_into_the_table_of_contents() {
    for line in generated()
        .lines()
        .filter(|line| line.starts_with(" *   proc_"))
    {
        assert!(
            line.chars().count() <= 120,
            "the first sentence is too long: {line}"
        );
        assert!(
            line.ends_with('.'),
            "the first paragraph is no sentence: {line}"
        );
    }
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
