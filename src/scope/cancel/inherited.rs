//! What handles have from those above them: values of the program's, which shields they are inside of, and in which layers of stacks.
//!
//! Each thing is an entry in a chain, the innermost first, which handles share: one that adds none has the chain of the
//! handle above it, and most have none at all.
//!
//! Invariants:
//! - **V1 with the last one.** A value is released once, when nobody has an entry of it any more: no handle that can see it, and
//!   no process that gives it.
//! - **V2 no values without a handle.** A run that is given no handle has one from the start if it has values. So a scope
//!   whose handle nobody has asked for yet has none.

use std::ffi::c_void;

use super::Cancel;
use crate::base::holder::Holder;
use crate::base::race_detector;
use crate::base::user_data::UserData;
use crate::scope::task_run::Tree;

/// By which a value is found: an address of the program's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(usize);

/// One entry, and those further out.
pub(crate) struct Inherited {
    /// `None`: it is being released.
    entry: Option<Entry>,
    outer: Chain,
}

pub(crate) type Chain = Option<Holder<Inherited>>;

#[derive(Clone)]
pub(crate) enum Entry {
    Value(Key, Holder<Value>),
    /// What is around a shield.
    Shield(Cancel),
    /// That it is in this layer of a stack.
    Layer(Tree),
}

/// A value of the program's.
pub(crate) struct Value(UserData);

impl Value {
    pub(crate) fn shared(data: UserData) -> Holder<Value> {
        Holder::new(|| Value(data))
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        race_detector::acquire(&raw const *self);
    }
}

impl Key {
    pub(crate) fn at<T>(address: *const T) -> Key {
        Key(address.addr())
    }
}

impl Inherited {
    pub(super) fn new(entry: Entry, outer: Chain) -> Holder<Inherited> {
        let entry = Some(entry);
        Holder::new(|| Inherited { entry, outer })
    }

    /// The innermost value of that key; NULL if there is none.
    pub(super) fn value(&self, key: Key) -> *mut c_void {
        let found = self.entries().find_map(|entry| match entry {
            Entry::Value(of, value) if *of == key => Some(value.0.data),
            _ => None,
        });
        found.unwrap_or(std::ptr::null_mut())
    }

    /// What is around the innermost shield.
    pub(super) fn around_shield(&self) -> Option<&Cancel> {
        self.entries().find_map(|entry| match entry {
            Entry::Shield(around) => Some(around),
            Entry::Value(..) | Entry::Layer(_) => None,
        })
    }

    /// The innermost layer of a stack.
    pub(super) fn layer(&self) -> Option<Tree> {
        self.entries().find_map(|entry| match entry {
            Entry::Layer(layer) => Some(*layer),
            Entry::Value(..) | Entry::Shield(_) => None,
        })
    }

    /// The innermost first.
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        let all = std::iter::successors(Some(self), |inherited| inherited.outer.as_deref());
        all.filter_map(|inherited| inherited.entry.as_ref())
    }
}

/// The values of a chain: who has these is not inside of its shields, nor in its layers. (Each layer has a shield.)
pub(super) fn values(chain: &Chain) -> Chain {
    let innermost = chain.as_ref()?;
    if innermost.around_shield().is_none() {
        return chain.clone();
    }
    let entries: Vec<&Entry> = innermost.entries().collect();
    let values = entries.into_iter().rev();
    let values = values.filter(|entry| matches!(entry, Entry::Value(..)));
    values.fold(None, |outer, value| {
        Some(Inherited::new(value.clone(), outer))
    })
}

impl Drop for Inherited {
    /// The innermost first, which may refer to what is further out. Without recursion: a program can nest values without
    /// end.
    fn drop(&mut self) {
        race_detector::acquire(&raw const *self);
        drop(self.entry.take());
        let mut outer = self.outer.take();
        while let Some(inherited) = outer {
            outer = inherited
                .into_inner()
                .and_then(|mut last| last.outer.take());
        }
    }
}
