//! Builds a tree from the library's constructors.

use crate::abi::*;
use crate::case::{Case, Kind, OnFailure, Tree};
use crate::props::{KEY, act_for_index, act_in_nursery, let_go, pass};
use crate::stage::{Actor, Stage, act, dismiss};
use std::ffi::{CString, c_char};
use std::ptr;

pub struct Builder<'a> {
    case: &'a Case,
    stage: &'a Stage,
    /// Each with whether a process was made of it.
    actors: Vec<(Box<Actor>, bool)>,
    shared: Vec<*mut Impl>,
}

impl<'a> Builder<'a> {
    pub fn new(case: &'a Case, stage: &'a Stage, actors: Vec<Actor>) -> Builder<'a> {
        let actors = actors
            .into_iter()
            .map(|actor| (Box::new(actor), false))
            .collect();
        Builder {
            case,
            stage,
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
            Tree::Await(promise) => self.stage.await_promise(*promise),
            Tree::Node(Kind::Each(limit), kids) => self.each(*limit, kids),
            Tree::Node(Kind::Nursery(number), kids) => self.nursery(*number, kids),
            Tree::Node(kind, kids) => {
                let kids: Vec<*mut Impl> = kids.iter().map(|kid| self.build(kid)).collect();
                match kind {
                    Kind::Task(name) => wrap(proc_task, *name, kids[0]),
                    Kind::Region(name) => wrap(proc_trace_region, *name, kids[0]),
                    Kind::Value(number) => self.value(*number, kids[0]),
                    // SAFETY: the children are handed over.
                    Kind::Finally => unsafe { proc_finally(kids[0], kids[1]) },
                    // SAFETY: as above.
                    Kind::Background => unsafe { proc_background(kids[0]) },
                    // SAFETY: as above.
                    Kind::Shield(grace) => unsafe { proc_shield(*grace, kids[0]) },
                    kind => combine(*kind, kids.as_ptr(), kids.len()),
                }
            }
        }
    }

    fn leaf(&mut self, leaf: usize) -> *mut Impl {
        let function: Option<Fn> = if self.case.leaves[leaf].no_function {
            None
        } else {
            Some(act)
        };
        let actor = ptr::from_mut(self.actor(leaf)).cast();
        // SAFETY: the actor stays in its box until the library has let it go.
        unsafe { proc_new(function, actor, Some(dismiss)) }
    }

    /// The actor of a leaf, for a process.
    fn actor(&mut self, leaf: usize) -> &mut Actor {
        let (actor, built) = &mut self.actors[leaf];
        *built = true;
        actor
    }

    /// The actor of the first child stands for all.
    fn each(&mut self, limit: usize, kids: &[Tree]) -> *mut Impl {
        let leaf = |kid: &Tree| match kid {
            Tree::Leaf(leaf) => Some(*leaf),
            _ => None,
        };
        let leaves: Vec<usize> = kids.iter().filter_map(leaf).collect();
        let has_function = |leaf: &usize| !self.case.leaves[*leaf].no_function;
        let function: Option<IndexFn> = if leaves.iter().all(has_function) {
            Some(act_for_index)
        } else {
            None
        };
        let (count, mut user_data, mut destroy) = (leaves.len(), ptr::null_mut(), None);
        if let Some(first) = leaves.first() {
            let actor = self.actor(*first);
            actor.indices = leaves;
            user_data = ptr::from_mut(actor).cast();
            destroy = Some(dismiss as DestroyFn);
        }
        // SAFETY: as for a leaf.
        unsafe { proc_each(count, limit, function, user_data, destroy) }
    }

    /// The first child is the body; the others wait on the stage.
    fn nursery(&mut self, number: usize, kids: &[Tree]) -> *mut Impl {
        let Some((Tree::Leaf(body), children)) = kids.split_first() else {
            return ptr::null_mut();
        };
        for (k, child) in children.iter().enumerate() {
            let child = self.build(child);
            self.stage.put_to_spawn((number, k + 1), child);
        }
        let plan = self.case.nurseries[number];
        let options = NurseryOptions {
            size: size_of::<NurseryOptions>(),
            limit: plan.limit,
            on_failure: (plan.on_failure != OnFailure::None).then_some(pass),
            user_data: self.stage.side_of_nursery(number),
        };
        let has_function = !self.case.leaves[*body].no_function;
        let actor = self.actor(*body);
        actor.nursery = number;
        let user_data = ptr::from_mut(actor).cast();
        let function = has_function.then_some(act_in_nursery as NurseryFn);
        // SAFETY: as for a leaf; the options are copied, and what they name is on the stage.
        unsafe { proc_with_nursery(function, user_data, Some(dismiss), &options) }
    }

    fn value(&mut self, number: usize, child: *mut Impl) -> *mut Impl {
        let value = self.stage.make_value(number);
        // SAFETY: the key is a static one, the value stays on the stage, and the child is handed over.
        unsafe { proc_with_value(&KEY, value, Some(let_go), child) }
    }
}

fn combine(kind: Kind, kids: *const *mut Impl, count: usize) -> *mut Impl {
    // SAFETY: the array is as long as it is said to be, or NULL; the children are handed over.
    unsafe {
        match kind {
            Kind::Group => proc_group(kids, count),
            Kind::Sequence => proc_sequence(kids, count),
            Kind::ConcurrentLimit(limit) => proc_concurrent_limit(limit, kids, count),
            Kind::GroupLimit(limit) => proc_group_limit(limit, kids, count),
            Kind::Race => proc_race(kids, count),
            Kind::Any => proc_any(kids, count),
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
