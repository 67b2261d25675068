//! Children of which only so many run at the same time: `concurrent` and `group` with a limit.

use crate::base::error::Outcome;
use crate::engine::frames::Context;
use crate::engine::rule::{Decides, Rule};
use crate::tree::family::Family;
use crate::tree::process::Process;
use crate::tree::{background, concurrent, group};

pub(crate) struct Limit {
    rule: Rule,
    children: Family,
    /// Whether it is a group with children of the background.
    has_background: bool,
}

#[inline(never)]
pub(super) fn run(limit: &Limit, process: &Process, context: &Context<'_>) -> Outcome {
    match limit.rule.decides {
        _ if limit.has_background => background::run_group(process, context, limit.rule),
        Decides::Failing => group::run(process, context, limit.rule),
        _ => concurrent::run(process, context, limit.rule),
    }
}

impl Limit {
    /// All errors; a limit of 0 is none.
    pub(crate) fn concurrent(limit: usize, children: Family) -> Limit {
        let rule = concurrent::RULE.limited(limit);
        Limit {
            rule,
            children,
            has_background: false,
        }
    }

    /// The first failure cancels the others; a limit of 0 is none.
    pub(crate) fn group(limit: usize, children: Family) -> Limit {
        Limit::of_group(group::RULE.limited(limit), children)
    }

    /// A group that has children of the background, which all begin.
    pub(super) fn group_of_all(children: Family) -> Limit {
        Limit::of_group(group::RULE, children)
    }

    fn of_group(rule: Rule, children: Family) -> Limit {
        Limit {
            rule,
            has_background: children.iter().any(|child| child.is_background()),
            children,
        }
    }

    pub(super) fn is_group(&self) -> bool {
        self.rule.decides == Decides::Failing
    }

    pub(super) fn children(&self) -> &[Process] {
        &self.children
    }

    pub(super) fn into_children(self) -> Family {
        self.children
    }
}
