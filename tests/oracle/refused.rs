//! What the contract says of bad input: nothing starts, and the error names function, argument and
//! index.

use crate::case::{Case, Kind, Tree};
use crate::expect::Expect;

const MAX_DEPTH: usize = 1000;

/// The error of a tree that must not start.
pub fn refusal(case: &Case) -> Option<Expect> {
    match &case.root {
        Tree::Null => Some(refused("proc_run", "impl", None)),
        root => depth(case, root).err(),
    }
}

fn refused(function: &str, argument: &str, index: Option<usize>) -> Expect {
    let mut names = vec![function.to_string(), argument.to_string()];
    names.extend(index.map(|index| index.to_string()));
    Expect::OwnWords {
        code: libc::EINVAL,
        names,
    }
}

/// The depth of a good tree, or the error of the first bad input in it.
fn depth(case: &Case, tree: &Tree) -> Result<usize, Expect> {
    match tree {
        Tree::Leaf(leaf) if case.leaves[*leaf].no_function => Err(refused("proc_new", "fn", None)),
        Tree::Leaf(_) => Ok(0),
        Tree::Shared(index) => depth(case, &case.shared[*index]),
        Tree::Null => unreachable!("the parent looks for it"),
        Tree::NoArray(kind, _) => Err(refused(kind.constructor(), "impls", None)),
        Tree::Node(Kind::Task(None), _) => Err(refused("proc_task", "task_type", None)),
        Tree::Node(Kind::Region(None), _) => Err(refused("proc_trace_region", "region_type", None)),
        Tree::Node(kind, kids) => {
            let mut deepest = 0;
            for (index, kid) in kids.iter().enumerate() {
                deepest = deepest.max(match kid {
                    Tree::Null if kind.takes_array() => {
                        Err(refused(kind.constructor(), "impls", Some(index)))
                    }
                    Tree::Null => Err(refused(kind.constructor(), "impl", None)),
                    kid => depth(case, kid),
                }?);
            }
            if deepest == MAX_DEPTH {
                return Err(Expect::OwnWords {
                    code: libc::ELOOP,
                    names: vec![kind.constructor().into()],
                });
            }
            Ok(deepest + 1)
        }
    }
}
