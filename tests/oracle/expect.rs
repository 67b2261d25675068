//! What the model expects of an error. The order of the items of a multi error is free where the
//! contract leaves it free, and nowhere else.

use std::rc::Rc;

/// The cause of a cancellation, as a number in the model's table of causes.
pub type Cause = usize;

/// A set of causes: one bit each.
pub type Causes = u64;

/// What an error is wrapped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Task(&'static str),
    /// The number of a child of `proc_each`.
    Index(usize),
}

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
    Wrapped {
        by: By,
        inner: Rc<Expect>,
        echo: Option<Cause>,
    },
    /// The very cause of a cancellation, come back; or the very error of a promise.
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
    /// What is no echo of these causes, and after it what is.
    FailuresFirst {
        causes: Causes,
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

    /// What several children returned; of some, the first is certain.
    pub fn first_of(mut errors: Vec<Expect>, is_first: bool) -> Expect {
        if !is_first || errors.len() == 1 {
            return Expect::any_order(errors);
        }
        let first = errors.remove(0);
        Expect::InOrder(vec![first, Expect::any_order(errors)])
    }

    /// The lists of several, one after the other.
    pub fn in_order(mut errors: Vec<Expect>) -> Expect {
        if errors.len() == 1 {
            errors.remove(0)
        } else {
            Expect::InOrder(errors)
        }
    }

    /// An error of the library's own.
    pub fn own_words(code: i32, names: &[&str]) -> Expect {
        let names = names.iter().map(ToString::to_string).collect();
        Expect::OwnWords { code, names }
    }

    pub fn wrapped(by: By, inner: Expect) -> Expect {
        let echo = inner.echo_of();
        Expect::Wrapped {
            by,
            inner: Rc::new(inner),
            echo,
        }
    }

    pub fn absorbing(cause: Cause, listed: bool, inner: Expect) -> Expect {
        let inner = Rc::new(inner);
        Expect::Absorbing {
            cause,
            listed,
            inner,
        }
    }

    /// How many errors it stands for, echoes not yet absorbed.
    pub fn is_several(&self) -> bool {
        match self {
            Expect::InOrder(parts) | Expect::AnyOrder(parts) => {
                parts.len() > 1 || parts.iter().any(Expect::is_several)
            }
            Expect::Absorbing { inner, .. } | Expect::FailuresFirst { inner, .. } => {
                inner.is_several()
            }
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
            } => inner.is_all_bare(*cause).then_some(*cause),
            _ => None,
        }
    }

    /// Whether it is nothing but bare echoes of that cause.
    fn is_all_bare(&self, cause: Cause) -> bool {
        match self {
            Expect::InOrder(parts) | Expect::AnyOrder(parts) => {
                parts.iter().all(|part| part.is_all_bare(cause))
            }
            part => part.bare_echo() == Some(cause),
        }
    }

    /// The cause that it is nothing but an echo of, wrapped or not.
    pub fn echo_of(&self) -> Option<Cause> {
        match self {
            Expect::Echo(cause) => Some(*cause),
            Expect::Wrapped { echo, .. } => *echo,
            Expect::Absorbing { inner, .. } | Expect::FailuresFirst { inner, .. } => {
                inner.echo_of()
            }
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

    /// The same with its failures before its echoes of these causes, if there may be both in it.
    pub fn failures_first(self, causes: Causes, table: &[Expect]) -> Expect {
        let is_sorted = matches!(&self, Expect::FailuresFirst { causes: by, .. } if *by == causes);
        if is_sorted || self.holds(causes, table) != (true, true) {
            return self;
        }
        let inner = Rc::new(self);
        Expect::FailuresFirst { causes, inner }
    }

    /// Whether there may be failures, and echoes of these causes, in the list that it stands for.
    fn holds(&self, causes: Causes, table: &[Expect]) -> (bool, bool) {
        match self {
            Expect::Error { .. } | Expect::OwnWords { .. } => (true, false),
            Expect::Wrapped { .. } => {
                let is_echo = self.is_echo(causes, table);
                (!is_echo, is_echo)
            }
            Expect::Echo(cause) if causes & (1 << cause) != 0 => (false, true),
            Expect::Echo(cause) => table[*cause].holds(causes, table),
            Expect::InOrder(parts) | Expect::AnyOrder(parts) => {
                let held = parts.iter().map(|part| part.holds(causes, table));
                held.fold((false, false), |all, held| (all.0 | held.0, all.1 | held.1))
            }
            Expect::Absorbing { inner, .. } | Expect::FailuresFirst { inner, .. } => {
                inner.holds(causes, table)
            }
        }
    }

    /// Whether there is nothing in it but these causes.
    pub fn is_echo(&self, causes: Causes, table: &[Expect]) -> bool {
        let is_echo = |part: &Expect| part.is_echo(causes, table);
        match self {
            Expect::Error { .. } | Expect::OwnWords { .. } => false,
            Expect::Wrapped { inner, .. } | Expect::FailuresFirst { inner, .. } => is_echo(inner),
            Expect::Echo(cause) => causes & (1 << cause) != 0 || is_echo(&table[*cause]),
            Expect::InOrder(parts) | Expect::AnyOrder(parts) => parts.iter().all(is_echo),
            // Of what is absorbed, nothing is left in it.
            Expect::Absorbing {
                cause,
                listed: true,
                inner,
            } => inner.is_echo(causes | (1 << cause), table),
            Expect::Absorbing { inner, .. } => is_echo(inner),
        }
    }
}

fn strerror(code: i32) -> String {
    let text = std::io::Error::from_raw_os_error(code).to_string();
    text.trim_end_matches(&format!(" (os error {code})"))
        .to_string()
}
