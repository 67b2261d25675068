//! Another library in Rust, which has its own copy of what Rust needs, beside the one in ours.

/// Takes what may be there twice: unwinding, and memory.
#[unsafe(no_mangle)]
pub extern "C" fn other_fails() -> bool {
    std::panic::set_hook(Box::new(|_| {}));
    std::panic::catch_unwind(|| panic!("{}", "other".repeat(2))).is_err()
}
