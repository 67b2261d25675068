//! Pointers of C to values and back.
//!
//! A handle that C sees is the address of a shared node. What makes that sound is rule 1 to 3 of the
//! API: a pointer that is handed over stands for one reference, which C has from us; a pointer that
//! is lent stays valid for the call, because C owns a reference to it meanwhile.

use std::ffi::{CStr, c_char};
use std::mem::ManuallyDrop;

use super::bad_input::BadInput;
use super::types::{
    proc_cancel, proc_channel, proc_error, proc_impl, proc_job, proc_nursery, proc_promise,
    proc_queue,
};
use crate::base::common::Common;
use crate::base::error::{self, Error, Outcome};
use crate::base::holder::Holder;
use crate::base::sync::Arc;
use crate::base::world::given::{self, Kind};
use crate::scope::cancel::{self, Cancel};
use crate::scope::channel::Channel;
use crate::scope::promise::{self, Promise};
use crate::scope::queue::{self, Queue};
use crate::tree::job::Job;
use crate::tree::nursery::Open;
use crate::tree::process::{self, Process};

/// A type of C that stands for a counted one of ours.
pub(super) trait Handle: Sized {
    type Node;
    type Held: Clone;
    const KIND: Kind;
    /// The pointer that stands for what is given up here.
    fn into_raw(held: Self::Held) -> *const Self::Node;
    /// # Safety
    /// The pointer came from `into_raw`, and what was given up there is taken over.
    unsafe fn from_raw(node: *const Self::Node) -> Self::Held;
}

macro_rules! handle {
    ($c:ty, $held:ident, $node:ty, $counted:ident::$from:ident) => {
        impl Handle for $c {
            type Node = $node;
            type Held = $held;
            const KIND: Kind = Kind::$held;
            fn into_raw(held: $held) -> *const $node {
                held.into_raw()
            }
            unsafe fn from_raw(node: *const $node) -> $held {
                // SAFETY: as promised by the caller.
                <$held>::$from(unsafe { $counted::from_raw(node) })
            }
        }
    };
}

/// One that is nothing but a shared node.
macro_rules! counted {
    ($c:ty, $kind:ident, $node:ty) => {
        impl Handle for $c {
            type Node = $node;
            type Held = Arc<$node>;
            const KIND: Kind = Kind::$kind;
            fn into_raw(held: Arc<$node>) -> *const $node {
                Arc::into_raw(held)
            }
            unsafe fn from_raw(node: *const $node) -> Arc<$node> {
                // SAFETY: as promised by the caller.
                unsafe { Arc::from_raw(node) }
            }
        }
    };
}

counted!(proc_job, Job, Job);
counted!(proc_nursery, Nursery, Open);
counted!(proc_channel, Channel, Channel);

handle!(proc_impl, Process, process::Node, Holder::from_holder);
handle!(proc_error, Error, error::Node, Holder::from_holder);
handle!(proc_cancel, Cancel, cancel::Node, Common::from_common);
handle!(proc_queue, Queue, queue::Node, Arc::from_arc);
handle!(proc_promise, Promise, promise::Node, Arc::from_arc);

/// Hands a value to C.
pub(super) fn give<H: Handle>(held: H::Held) -> *mut H {
    let node = H::into_raw(held);
    given::note_given(H::KIND, node);
    node.cast_mut().cast()
}

/// Takes over what C hands us.
///
/// # Safety
/// `pointer` is NULL or stands for a reference that C owns and gives up by this call.
pub(super) unsafe fn take<H: Handle>(pointer: *mut H) -> Option<H::Held> {
    // SAFETY: as promised by the caller.
    let held = unsafe { held(pointer) };
    if held.is_some() {
        given::note_given_back(H::KIND, pointer);
    }
    held
}

/// Who has the reference for which a pointer of C stands. It is to be dropped where C gives that up, and else not.
///
/// # Safety
/// `pointer` is NULL or stands for a reference that C owns.
unsafe fn held<H: Handle>(pointer: *mut H) -> Option<H::Held> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: the pointer came from `give`, and one reference comes back with it.
    Some(unsafe { H::from_raw(pointer.cast()) })
}

/// Another reference to what C lends us.
///
/// # Safety
/// `pointer` is NULL or valid during this call.
pub(super) unsafe fn share<H: Handle>(pointer: *mut H) -> Option<H::Held> {
    // SAFETY: the caller lends it for this call.
    let lent = unsafe { borrow(pointer) };
    lent.map(|lent| H::Held::clone(&lent))
}

/// The reference that C lends us, which costs no counting. For what calls nothing of the program's, which might release it meanwhile.
///
/// # Safety
/// `pointer` is NULL or valid for as long as the result is used.
pub(super) unsafe fn borrow<H: Handle>(pointer: *mut H) -> Option<ManuallyDrop<H::Held>> {
    // SAFETY: the reference that is taken is not given up, because it is not dropped.
    unsafe { held(pointer) }.map(ManuallyDrop::new)
}

/// What C lends us, to look at.
///
/// # Safety
/// `pointer` is NULL or valid for as long as the result is used.
pub(super) unsafe fn look<'a, H: Handle>(pointer: *const H) -> Option<&'a H::Node> {
    // SAFETY: the pointer came from `give`, so it points to a node.
    unsafe { pointer.cast::<H::Node>().as_ref() }
}

/// The pointer that lends a part of a handle's value to C.
pub(super) fn lend<H: Handle>(node: Option<&H::Node>) -> *const H {
    node.map_or(std::ptr::null(), |node| std::ptr::from_ref(node).cast())
}

/// An outcome as C has it: NULL is success.
pub(super) fn give_outcome(outcome: Outcome) -> *mut proc_error {
    match outcome {
        Ok(()) => std::ptr::null_mut(),
        Err(error) => give(error),
    }
}

/// The elements of an array of C.
///
/// # Safety
/// `array` is NULL, or has that many elements, which stay as they are while the result is used.
pub(super) unsafe fn elements<'a, H>(
    [function, argument]: [&'static str; 2],
    array: *const *mut H,
    count: usize,
) -> Result<&'a [*mut H], BadInput> {
    if count == 0 {
        return Ok(&[]);
    }
    if array.is_null() {
        return Err(BadInput::NullArray {
            function,
            argument,
            count,
        });
    }
    if count > isize::MAX as usize / size_of::<*mut H>() {
        return Err(BadInput::Count { function, count });
    }
    // SAFETY: not NULL, and the caller promises the rest.
    Ok(unsafe { std::slice::from_raw_parts(array, count) })
}

/// A string of C; `None` for NULL.
///
/// # Safety
/// `string` is NULL or a string that ends with a NUL and stays as it is while the result is used.
pub(super) unsafe fn string<'a>(string: *const c_char) -> Option<&'a CStr> {
    if string.is_null() {
        return None;
    }
    // SAFETY: not NULL, and the caller promises the rest.
    Some(unsafe { CStr::from_ptr(string) })
}
