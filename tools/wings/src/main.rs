//! Checks that imports in `src/` go down only, and draws them.
//!
//!     wings check ROOT      every rule of `rules`, and that the picture is what the source says
//!     wings draw ROOT       writes the picture into docs/architecture.md
//!
//! ROOT is the top of the project. The order of the wings is that of the list in the first lines of `src/lib.rs`.

mod circles;
mod house;
mod paths;
mod picture;
mod rules;
mod source;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["check", root] => check(Path::new(root)),
        ["draw", root] => draw(Path::new(root)),
        _ => Err("usage: wings check|draw ROOT".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

/// Says all that is wrong, not only the first.
fn check(root: &Path) -> Result<(), String> {
    let house = house::read(&root.join("src"))?;
    let mut faults = rules::faults(&house);
    faults.extend(picture::drift(&house, root));
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

fn draw(root: &Path) -> Result<(), String> {
    picture::write(&house::read(&root.join("src"))?, root)
}

#[cfg(test)]
mod tests;
