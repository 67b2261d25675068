//! `proc_errorf`, `proc_error_wrap` and `proc_trace_logf`, whose bodies are C (`printf.c`), because stable Rust
//! cannot define a function with variable arguments.
//!
//! Rust exports only functions that it defines, and all of those that C can call. So the three are defined here,
//! each of a single jump, which leaves all arguments where they are; and so is the way back from C into a
//! function that is not exported, a hidden label.

use std::arch::{global_asm, naked_asm};

use super::error::wrap;

unsafe extern "C" {
    fn procession_errorf();
    fn procession_error_wrap();
    fn procession_trace_logf();
}

macro_rules! jump {
    ($instruction:literal) => {
        global_asm!(
            ".text",
            ".globl procession_wrap",
            ".hidden procession_wrap",
            ".type procession_wrap, %function",
            "procession_wrap:",
            concat!($instruction, " {body}"),
            body = sym wrap,
        );
        jump!($instruction, proc_errorf, procession_errorf, "`error`");
        jump!($instruction, proc_error_wrap, procession_error_wrap, "`error`");
        jump!($instruction, proc_trace_logf, procession_trace_logf, "`by_hand`");
    };
    ($instruction:literal, $name:ident, $body:ident, $room:literal) => {
        #[doc = concat!("Documented in ", $room, ".")]
        ///
        /// # Safety
        /// As for `printf`.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name() {
            naked_asm!(concat!($instruction, " {body}"), body = sym $body)
        }
    };
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
jump!("jmp");
#[cfg(any(
    target_arch = "arm",
    target_arch = "aarch64",
    target_arch = "loongarch64"
))]
jump!("b");
#[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
jump!("tail");
#[cfg(not(any(
    target_arch = "x86",
    target_arch = "x86_64",
    target_arch = "arm",
    target_arch = "aarch64",
    target_arch = "loongarch64",
    target_arch = "riscv32",
    target_arch = "riscv64"
)))]
compile_error!("proc_errorf and its like need to know how this processor jumps");
