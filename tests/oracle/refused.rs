//! What the contract says of bad input: nothing starts, and the error names function, argument and
//! index.

use crate::case::{Case, Kind, Tree};
use crate::expect::Expect;

const MAX_DEPTH: usize = 1000;

/// The error of a tree that must not start.
pub fn refusal(case: &Case) -> Option<Expect> {
    depth_of("proc_run", case, &case.root).err()
}

/// The error of a child that a nursery does not accept.
pub fn not_spawned(function: &str, case: &Case, child: &Tree) -> Option<Expect> {
    let too_deep = || Expect::own_words(libc::ELOOP, &[function]);
    let is_deep = |depth| depth == MAX_DEPTH;
    match depth_of(function, case, child) {
        Ok(depth) => is_deep(depth).then(too_deep),
        Err(error) => Some(error),
    }
}

fn depth_of(function: &str, case: &Case, tree: &Tree) -> Result<usize, Expect> {
    match tree {
        Tree::Null => Err(refused(function, "impl", None)),
        tree => depth(case, tree),
    }
}

fn refused(function: &str, argument: &str, index: Option<usize>) -> Expect {
    let index = index.map(|index| index.to_string());
    let names = [Some(function), Some(argument), index.as_deref()];
    let names: Vec<&str> = names.into_iter().flatten().collect();
    Expect::own_words(libc::EINVAL, &names)
}

/// The depth of a good tree, or the error of the first bad input in it.
fn depth(case: &Case, tree: &Tree) -> Result<usize, Expect> {
    match tree {
        Tree::Leaf(leaf) if case.leaves[*leaf].no_function => Err(refused("proc_new", "fn", None)),
        Tree::Leaf(_) | Tree::Await(_) => Ok(0),
        Tree::Shared(index) => depth(case, &case.shared[*index]),
        Tree::Null => unreachable!("the parent looks for it"),
        Tree::NoArray(kind, _) => Err(refused(kind.constructor(), "impls", None)),
        Tree::Node(kind, kids) => match own_mistake(case, *kind, kids) {
            Some(argument) => Err(refused(kind.constructor(), argument, None)),
            None => depth_of_node(case, *kind, kids),
        },
    }
}

/// The argument that is wrong by itself.
fn own_mistake(case: &Case, kind: Kind, kids: &[Tree]) -> Option<&'static str> {
    let has_no_function =
        |kid: &Tree| matches!(kid, Tree::Leaf(leaf) if case.leaves[*leaf].no_function);
    match kind {
        Kind::Task(None) => Some("task_type"),
        Kind::Region(None) => Some("region_type"),
        Kind::Race | Kind::Any if kids.is_empty() => Some("count"),
        Kind::Each(_) => kids.iter().any(has_no_function).then_some("fn"),
        Kind::Nursery(_) => has_no_function(&kids[0]).then_some("body"),
        _ => None,
    }
}

fn depth_of_node(case: &Case, kind: Kind, kids: &[Tree]) -> Result<usize, Expect> {
    // What is spawned is judged when it is; the children of the others are no processes.
    let kids = match kind {
        Kind::Nursery(_) | Kind::Each(_) => return Ok(1),
        _ => kids,
    };
    let mut deepest = 0;
    for (index, kid) in kids.iter().enumerate() {
        let in_array = kind.takes_array().then_some(index);
        deepest = deepest.max(match kid {
            Tree::Null => Err(refused(kind.constructor(), kind.argument(index), in_array)),
            kid => depth(case, kid),
        }?);
    }
    if deepest == MAX_DEPTH {
        return Err(Expect::own_words(libc::ELOOP, &[kind.constructor()]));
    }
    Ok(deepest + 1)
}
