//! Atomics, of `std` or of loom. With `sync`, which hands them on, the only place that names either.

#[cfg(loom)]
pub(crate) use loom::sync::atomic;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic;

/// Atomics that no protocol depends on, so that models need not look at them.
pub(crate) use std::sync::atomic as notes;
