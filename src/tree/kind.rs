//! What a process is: which combinator of which children, or which kind of leaf.

use crate::base::error::Error;
use crate::base::sync::Arc;
use crate::tree::await_promise::Await;
use crate::tree::callback::Callback;
use crate::tree::child::Child;
use crate::tree::delay::Delay;
use crate::tree::each::Each;
use crate::tree::every::Every;
use crate::tree::family::Family;
use crate::tree::finally::Finally;
use crate::tree::limit::Limit;
use crate::tree::nursery::Nursery;
use crate::tree::on_queue::OnQueue;
use crate::tree::on_signal::OnSignal;
use crate::tree::process::Process;
use crate::tree::region::Region;
use crate::tree::shield::Shield;
use crate::tree::supervise::Supervise;
use crate::tree::task::Task;
use crate::tree::timeout::Timeout;
use crate::tree::value::WithValue;

/// What can wait without a thread (`without_thread`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pends {
    Nothing,
    /// The process itself.
    Itself,
    /// Some of its children, of a combinator that has them at the same time.
    Children,
    /// Nothing, and it is a child of the background (`background`).
    Background,
}

pub(crate) enum Kind {
    Leaf(Callback),
    Concurrent(Family),
    Group(Family),
    Race(Family),
    Any(Family),
    Sequence(Family),
    Stack(Family),
    Limit(Box<Limit>),
    Each(Arc<Each>),
    Finally(Finally),
    Task(Task),
    TraceRegion(Region),
    OnSignal(OnSignal),
    WithValue(WithValue),
    /// What is in it is of the background (`background`).
    Background(Box<Process>),
    Shield(Shield),
    Timeout(Timeout),
    Every(Every),
    Delay(Delay),
    Await(Await),
    OnQueue(OnQueue),
    Program(Box<Child>),
    /// Boxed, so that the other nodes are no larger for it; so is the next one.
    Supervise(Box<Supervise>),
    Nursery(Box<Nursery>),
    Invalid(Error),
}

impl Kind {
    #[inline(always)]
    pub(super) fn children(&self) -> &[Process] {
        match self {
            // They stand side by side, so this is one comparison: a fan-out asks for each child.
            Kind::Concurrent(children)
            | Kind::Group(children)
            | Kind::Race(children)
            | Kind::Any(children)
            | Kind::Sequence(children)
            | Kind::Stack(children) => children,
            _ => self.few_children(),
        }
    }

    /// Whether its children, if it has any, lie in its node.
    pub(super) fn has_few_children(&self) -> bool {
        match self {
            Kind::Concurrent(children)
            | Kind::Group(children)
            | Kind::Race(children)
            | Kind::Any(children)
            | Kind::Sequence(children)
            | Kind::Stack(children) => children.is_small(),
            Kind::Limit(_) => false,
            _ => true,
        }
    }

    #[inline(never)]
    fn few_children(&self) -> &[Process] {
        match self {
            Kind::Limit(limit) => limit.children(),
            Kind::Finally(finally) => finally.children(),
            Kind::Task(task) => std::slice::from_ref(task.child()),
            Kind::TraceRegion(region) => std::slice::from_ref(region.child()),
            Kind::OnQueue(on_queue) => std::slice::from_ref(on_queue.child()),
            Kind::OnSignal(on_signal) => std::slice::from_ref(on_signal.child()),
            Kind::WithValue(with_value) => std::slice::from_ref(with_value.child()),
            Kind::Background(child) => std::slice::from_ref(child),
            Kind::Shield(shield) => std::slice::from_ref(shield.child()),
            Kind::Timeout(timeout) => std::slice::from_ref(timeout.child()),
            Kind::Every(every) => std::slice::from_ref(every.child()),
            Kind::Supervise(supervise) => std::slice::from_ref(supervise.child()),
            _ => &[],
        }
    }

    pub(super) fn into_children(self) -> Family {
        match self {
            Kind::Leaf(_)
            | Kind::Each(_)
            | Kind::Nursery(_)
            | Kind::Delay(_)
            | Kind::Await(_)
            | Kind::Program(_)
            | Kind::Invalid(_) => Family::NONE,
            Kind::Concurrent(children)
            | Kind::Group(children)
            | Kind::Race(children)
            | Kind::Any(children)
            | Kind::Sequence(children)
            | Kind::Stack(children) => children,
            Kind::Limit(limit) => limit.into_children(),
            Kind::Finally(finally) => finally.into_children(),
            Kind::Task(task) => Family::from(task.into_child()),
            Kind::TraceRegion(region) => Family::from(region.into_child()),
            Kind::OnQueue(on_queue) => Family::from(on_queue.into_child()),
            Kind::OnSignal(on_signal) => Family::from(on_signal.into_child()),
            Kind::WithValue(with_value) => Family::from(with_value.into_child()),
            Kind::Background(child) => Family::from(*child),
            Kind::Shield(shield) => Family::from(shield.into_child()),
            Kind::Timeout(timeout) => Family::from(timeout.into_child()),
            Kind::Every(every) => Family::from(every.into_child()),
            Kind::Supervise(supervise) => Family::from(supervise.into_child()),
        }
    }

    /// A group with children of the background is of another kind, so that the others do not have to look for any.
    pub(super) fn settled(self) -> Kind {
        match self {
            Kind::Group(children) if children.iter().any(|child| child.is_background()) => {
                Kind::Limit(Box::new(Limit::group_of_all(children)))
            }
            kind => kind,
        }
    }

    /// Whether it, or one of its children, can wait without a thread.
    pub(super) fn pends(&self) -> Pends {
        match self {
            Kind::Await(_) | Kind::Delay(_) | Kind::OnQueue(_) => Pends::Itself,
            Kind::Background(_) => Pends::Background,
            Kind::Task(task) if task.child().is_background() => Pends::Background,
            Kind::Task(_) | Kind::TraceRegion(_) | Kind::WithValue(_) | Kind::Timeout(_)
                if self.children()[0].can_pend() =>
            {
                Pends::Itself
            }
            Kind::Concurrent(_)
            | Kind::Group(_)
            | Kind::Limit(_)
            | Kind::Race(_)
            | Kind::Any(_)
                if self.children().iter().any(|child| child.can_pend()) =>
            {
                Pends::Children
            }
            _ => Pends::Nothing,
        }
    }

    /// How many services there are in it, which run once each time that it runs. A process that is in a tree
    /// many times is run as often.
    pub(super) fn services(&self) -> u32 {
        let own = match self {
            Kind::OnSignal(_) | Kind::Every(_) => return 0,
            Kind::Task(task) => u32::from(task.is_service()),
            _ => 0,
        };
        let below = self.children().iter().map(|child| child.services());
        below.fold(own, u32::saturating_add)
    }
}
