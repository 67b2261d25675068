//! Bad input, in words: which function, which argument, which element.

use crate::crew::SMALLEST;
use crate::error::Error;
use crate::process::MAX_DEPTH;
use crate::thread_name::Prefix;

/// A mistake in a call.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadInput {
    #[error("{function}: {argument} is NULL")]
    Null {
        function: &'static str,
        argument: &'static str,
    },
    #[error("{function}: {argument} is NULL, but count is {count}")]
    NullArray {
        function: &'static str,
        argument: &'static str,
        count: usize,
    },
    #[error("{function}: {argument}[{index}] is NULL")]
    NullElement {
        function: &'static str,
        argument: &'static str,
        index: usize,
    },
    #[error("{function}: count is {count}, more than any array can hold")]
    Count {
        function: &'static str,
        count: usize,
    },
    #[error("{function}: {argument}->size is {size}, which is not the size of any version of it")]
    Size {
        function: &'static str,
        argument: &'static str,
        size: usize,
    },
    #[error(
        "{function}: {argument} has something set that this version of the library does not know"
    )]
    Unknown {
        function: &'static str,
        argument: &'static str,
    },
    #[error(
        "proc_configure: config->stack_size is {size}, less than PROC_MIN_STACK_SIZE, {SMALLEST}"
    )]
    StackSize { size: usize },
    #[error(
        "proc_configure: config->thread_name_prefix has {length} bytes, more than PROC_MAX_NAME_PREFIX, {}",
        Prefix::LONGEST
    )]
    NamePrefix { length: usize },
    #[error("{function}: format is {format}, neither PROC_DUMP_TEXT nor PROC_DUMP_JSON")]
    Format { function: &'static str, format: i32 },
    #[error("{function}: {argument} is nested {MAX_DEPTH} deep (PROC_MAX_DEPTH) already")]
    Depth {
        function: &'static str,
        argument: String,
    },
}

impl From<BadInput> for Error {
    fn from(bad: BadInput) -> Error {
        let code = match bad {
            BadInput::Depth { .. } => libc::ELOOP,
            _ => libc::EINVAL,
        };
        Error::new(code, &bad.to_string())
    }
}
