//! What the model expects of an error. The order of the items of a multi error is free where the
//! contract leaves it free, and nowhere else.

use std::rc::Rc;

/// The cause of a cancellation, as a number in the model's table of causes.
pub type Cause = usize;

/// A list of one or more errors, as a combinator sees what a child returned.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    Error {
        code: i32,
        text: Rc<str>,
    },
    /// An error of the library's own, in its own words, which name all these.
    OwnWords {
        code: i32,
        names: Vec<String>,
    },
    /// `echo`: the cause that all of it is an echo of.
    Task {
        name: &'static str,
        inner: Rc<Expect>,
        echo: Option<Cause>,
    },
    /// The very cause of a cancellation, come back.
    Echo(Cause),
    /// The children's lists, as whole blocks, in this order.
    InOrder(Vec<Expect>),
    /// The same in the order of completion, which is free.
    AnyOrder(Vec<Expect>),
    /// What a group returns: of all echoes of its cause the first is listed, or none if it was
    /// listed before.
    Absorbing {
        cause: Cause,
        listed: bool,
        inner: Rc<Expect>,
    },
}

impl Expect {
    /// An error as `proc_error_new` makes it.
    pub fn error(code: i32, text: Option<&str>) -> Expect {
        // No failure has code 0.
        let code = if code == 0 { -1 } else { code };
        Expect::Error {
            code,
            text: text.map_or_else(|| strerror(code).into(), Rc::from),
        }
    }

    /// What several children returned; one alone is itself.
    pub fn any_order(mut errors: Vec<Expect>) -> Expect {
        if errors.len() == 1 {
            errors.remove(0)
        } else {
            Expect::AnyOrder(errors)
        }
    }

    pub fn task(name: &'static str, inner: Expect) -> Expect {
        let echo = inner.echo_of();
        Expect::Task {
            name,
            inner: Rc::new(inner),
            echo,
        }
    }

    pub fn absorbing(cause: Cause, listed: bool, errors: Vec<Expect>) -> Expect {
        Expect::Absorbing {
            cause,
            listed,
            inner: Rc::new(Expect::AnyOrder(errors)),
        }
    }

    /// How many errors it stands for, echoes not yet absorbed.
    pub fn is_several(&self) -> bool {
        match self {
            Expect::InOrder(parts) | Expect::AnyOrder(parts) => {
                parts.len() > 1 || parts.iter().any(Expect::is_several)
            }
            Expect::Absorbing { inner, .. } => inner.is_several(),
            _ => false,
        }
    }

    /// The cause that it is a bare echo of: no wrapper, nothing beside.
    pub fn bare_echo(&self) -> Option<Cause> {
        match self {
            Expect::Echo(cause) => Some(*cause),
            Expect::InOrder(parts) | Expect::AnyOrder(parts) if parts.len() == 1 => {
                parts[0].bare_echo()
            }
            Expect::Absorbing {
                cause,
                listed: false,
                inner,
            } => {
                let Expect::AnyOrder(parts) = &**inner else {
                    return None;
                };
                parts
                    .iter()
                    .all(|part| part.bare_echo() == Some(*cause))
                    .then_some(*cause)
            }
            _ => None,
        }
    }

    /// The cause that it is nothing but an echo of, wrapped or not.
    pub fn echo_of(&self) -> Option<Cause> {
        match self {
            Expect::Echo(cause) => Some(*cause),
            Expect::Task { echo, .. } => *echo,
            Expect::Absorbing { inner, .. } => inner.echo_of(),
            Expect::InOrder(parts) | Expect::AnyOrder(parts) => {
                let cause = parts.first()?.echo_of()?;
                parts
                    .iter()
                    .all(|part| part.echo_of() == Some(cause))
                    .then_some(cause)
            }
            Expect::Error { .. } | Expect::OwnWords { .. } => None,
        }
    }
}

fn strerror(code: i32) -> String {
    let text = std::io::Error::from_raw_os_error(code).to_string();
    text.trim_end_matches(&format!(" (os error {code})"))
        .to_string()
}
