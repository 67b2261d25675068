//! `proc_errorf`, whose body is C (`errorf.c`), because stable Rust cannot define a function with
//! variable arguments.
//!
//! Rust exports only functions that it defines. So this one is defined here, of a single jump, which
//! leaves all arguments where they are.

use std::arch::naked_asm;

unsafe extern "C" {
    fn procession_errorf();
}

macro_rules! jump {
    ($instruction:literal) => {
        /// Documented in `error`.
        ///
        /// # Safety
        /// As for `printf`.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn proc_errorf() {
            naked_asm!(concat!($instruction, " {body}"), body = sym procession_errorf)
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
compile_error!("proc_errorf needs to know how this processor jumps");
