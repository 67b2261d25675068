//! All source files of the crate, each in its room, each room in its wing.

use std::path::{Path, PathBuf};

use crate::source::{self, Declared, Source};

pub struct House {
    /// The wings, from top to bottom.
    pub wings: Vec<Wing>,
    /// The files that are in no wing, which may use all.
    pub above_all: Vec<String>,
}

pub struct Wing {
    pub name: String,
    /// Its `mod.rs`.
    pub entrance: Source,
    pub rooms: Vec<Room>,
}

pub struct Room {
    pub name: String,
    pub is_handed_on: bool,
    /// Its file, and those of the modules in it.
    pub files: Vec<Source>,
}

/// Reads the house whose `lib.rs` is in that directory.
pub fn read(src: &Path) -> Result<House, String> {
    let lib = source::read(&src.join("lib.rs"), &[])?;
    let order = listed(&lib.docs);
    let mut wings = Vec::new();
    let mut above_all = Vec::new();
    for module in &lib.modules {
        if src.join(&module.name).join("mod.rs").exists() {
            wings.push(wing(src, &module.name)?);
        } else {
            above_all.push(module.name.clone());
        }
    }
    let place = |wing: &Wing| order.iter().position(|name| *name == wing.name);
    if let Some(stray) = wings.iter().find(|wing| place(wing).is_none()) {
        return Err(format!(
            "src/lib.rs: its list of wings lacks `{}`",
            stray.name
        ));
    }
    wings.sort_by_key(place);
    Ok(House { wings, above_all })
}

/// The names that a list in a comment begins its lines with: "- `name`: …", "- `name`, `name`: …".
pub fn listed(docs: &[String]) -> Vec<String> {
    let names = |line: &String| {
        let rest = line.trim_start().strip_prefix("- ")?;
        let names = rest
            .split(": ")
            .next()
            .filter(|names| names.starts_with('`'))?;
        Some(quoted(names))
    };
    docs.iter().filter_map(names).flatten().collect()
}

/// What stands between backquotes.
pub fn quoted(text: &str) -> Vec<String> {
    let pieces = text.split('`').skip(1).step_by(2);
    pieces.map(String::from).collect()
}

fn wing(src: &Path, name: &str) -> Result<Wing, String> {
    let module = vec![name.to_owned()];
    let entrance = source::read(&src.join(name).join("mod.rs"), &module)?;
    let mut rooms = Vec::new();
    for declared in &entrance.modules {
        let mut files = Vec::new();
        collect(&src.join(name), &module, declared, &mut files)?;
        rooms.push(Room {
            name: declared.name.clone(),
            is_handed_on: declared.is_handed_on,
            files,
        });
    }
    let name = name.to_owned();
    Ok(Wing {
        name,
        entrance,
        rooms,
    })
}

/// Adds the file of a module that is declared in that directory, and those of the modules in it.
fn collect(
    directory: &Path,
    around: &[String],
    declared: &Declared,
    files: &mut Vec<Source>,
) -> Result<(), String> {
    let file = file_of(directory, declared);
    let module = [around, std::slice::from_ref(&declared.name)].concat();
    let source = source::read(&file, &module)?;
    let inside = match file.file_name() {
        Some(name) if name == "mod.rs" => file.with_file_name(""),
        _ => file.with_extension(""),
    };
    let own_directory = file.with_file_name("");
    let index = files.len();
    files.push(source);
    let modules = std::mem::take(&mut files[index].modules);
    for module_inside in &modules {
        // A path in an attribute begins where the file lies that has it.
        let from = if module_inside.path.is_some() {
            &own_directory
        } else {
            &inside
        };
        collect(from, &module, module_inside, files)?;
    }
    files[index].modules = modules;
    Ok(())
}

fn file_of(directory: &Path, declared: &Declared) -> PathBuf {
    if let Some(path) = &declared.path {
        return directory.join(path);
    }
    let file = directory.join(&declared.name).with_extension("rs");
    if file.exists() {
        file
    } else {
        directory.join(&declared.name).join("mod.rs")
    }
}
