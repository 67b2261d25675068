//! Builds a tree from the library's constructors.

use crate::abi::*;
use crate::case::{Case, Kind, Tree};
use crate::stage::{Actor, act, dismiss};
use std::ffi::{CString, c_char};
use std::ptr;

pub struct Builder<'a> {
    case: &'a Case,
    /// Each with whether a process was made of it.
    actors: Vec<(Box<Actor>, bool)>,
    shared: Vec<*mut Impl>,
}

impl<'a> Builder<'a> {
    pub fn new(case: &'a Case, actors: Vec<Actor>) -> Builder<'a> {
        let actors = actors
            .into_iter()
            .map(|actor| (Box::new(actor), false))
            .collect();
        Builder {
            case,
            actors,
            shared: vec![ptr::null_mut(); case.shared.len()],
        }
    }

    /// Lets go the builder's own references to the shared processes.
    pub fn finish(self) -> Vec<(Box<Actor>, bool)> {
        // SAFETY: each is a reference of ours, or NULL.
        self.shared
            .into_iter()
            .for_each(|shared| unsafe { proc_unref(shared) });
        self.actors
    }

    /// A process that the caller owns.
    pub fn build(&mut self, tree: &Tree) -> *mut Impl {
        match tree {
            Tree::Null => ptr::null_mut(),
            Tree::Leaf(leaf) => self.leaf(*leaf),
            Tree::Shared(index) => {
                if self.shared[*index].is_null() {
                    self.shared[*index] = self.build(&self.case.shared[*index]);
                }
                // SAFETY: it is alive, for the builder holds it.
                unsafe { proc_ref(self.shared[*index]) }
            }
            Tree::NoArray(kind, count) => combine(*kind, ptr::null(), *count),
            Tree::Node(kind, kids) => {
                let kids: Vec<*mut Impl> = kids.iter().map(|kid| self.build(kid)).collect();
                match kind {
                    Kind::Task(name) => wrap(proc_task, *name, kids[0]),
                    Kind::Region(name) => wrap(proc_trace_region, *name, kids[0]),
                    kind => combine(*kind, kids.as_ptr(), kids.len()),
                }
            }
        }
    }

    fn leaf(&mut self, leaf: usize) -> *mut Impl {
        let (actor, built) = &mut self.actors[leaf];
        *built = true;
        let function: Option<Fn> = if self.case.leaves[leaf].no_function {
            None
        } else {
            Some(act)
        };
        // SAFETY: the actor stays in its box until the library has let it go.
        unsafe { proc_new(function, ptr::from_mut(&mut **actor).cast(), Some(dismiss)) }
    }
}

fn combine(kind: Kind, kids: *const *mut Impl, count: usize) -> *mut Impl {
    // SAFETY: the array is as long as it is said to be, or NULL; the children are handed over.
    unsafe {
        match kind {
            Kind::Group => proc_group(kids, count),
            Kind::Sequence => proc_sequence(kids, count),
            _ => proc_concurrent(kids, count),
        }
    }
}

type Wrapper = unsafe extern "C" fn(*const c_char, *mut Impl) -> *mut Impl;

fn wrap(wrapper: Wrapper, name: Option<&str>, child: *mut Impl) -> *mut Impl {
    let name = name.map(|name| CString::new(name).expect("names have no NUL"));
    let text = name.as_ref().map_or(ptr::null(), |name| name.as_ptr());
    // SAFETY: the name is copied, and the child is handed over.
    unsafe { wrapper(text, child) }
}
