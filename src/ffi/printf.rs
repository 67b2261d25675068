//! `proc_errorf` and `proc_trace_logf`, whose bodies are C (`printf.c`), because stable Rust cannot define a
//! function with variable arguments.
//!
//! Rust exports only functions that it defines. So these are defined here, each of a single jump, which
//! leaves all arguments where they are.

use std::arch::naked_asm;

unsafe extern "C" {
    fn procession_errorf();
    fn procession_trace_logf();
}

macro_rules! jump {
    ($instruction:literal) => {
        jump!($instruction, proc_errorf, procession_errorf, "`error`");
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
compile_error!("proc_errorf and proc_trace_logf need to know how this processor jumps");
