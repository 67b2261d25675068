//! Children that come while it runs; the first failure cancels the others. Its body is the first of them.
//!
//! unsafe: the library calls functions that it knows only by their addresses. What makes that sound is the API: the
//! program gives function and data together, and says so by giving them.
#![allow(unsafe_code)]

use std::ffi::c_void;

use crate::base::clock::Instant;
use crate::base::common::Room;
use crate::base::counts::Counted;
use crate::base::error::{self, Error, Outcome};
use crate::base::events::Origin;
use crate::base::generation;
use crate::base::guard;
use crate::base::in_place::Sole;
use crate::base::sync::{Arc, OnceLock};
use crate::base::user_data::{Code, UserData};
use crate::base::world;
use crate::base::world::given::{self, Kind};
use crate::engine::background::{Background, Member};
use crate::engine::frames::Context;
use crate::engine::nursery::{self, Child, IfFull, Refused, Rest, Under};
use crate::engine::operation::Operation;
use crate::scope::cancel::{self, Cancel};
use crate::scope::readiness::Expected;
use crate::scope::task_run::{TaskRun, Tree};
use crate::tree::background;
use crate::tree::callback;
use crate::tree::group;
use crate::tree::on_queue::Around;
use crate::tree::process::{self, Node, Process};
use crate::tree::without_thread;

/// The code of a body. It is lent the nursery and the handle, and gives the error that it returns.
pub(crate) type Body =
    unsafe extern "C-unwind" fn(*mut Open, *mut cancel::Node, *mut c_void) -> *mut error::Node;

/// What a child's error passes through. It is given the error, and gives what it makes of it.
pub(crate) type Pass =
    unsafe extern "C-unwind" fn(*mut error::Node, *mut c_void) -> *mut error::Node;

pub(crate) struct Nursery {
    body: Body,
    user: UserData,
    options: Options,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    /// How many children at once; 0: any number.
    pub(crate) limit: usize,
    pub(crate) on_failure: Option<OnFailure>,
}

/// What a child's error passes through, and what it works on.
pub(crate) type OnFailure = Code<Pass>;

/// One run of a nursery, as the program has it.
pub(crate) struct Open {
    children: Arc<nursery::Nursery<Spawned>>,
    /// `None`: it is over, and kept for the next one.
    cancel: Option<Cancel>,
    /// Made for the first child of the background.
    background: OnceLock<Arc<Background>>,
    /// Of the process that runs it: in a child of `fork` nobody does.
    generation: u32,
}

/// A process that was spawned.
pub(crate) struct Spawned {
    process: Process,
    /// Few have any. So each is moved as two words.
    more: Option<Box<More>>,
}

/// What there may be of a spawned process beside it.
struct More {
    /// Its services, once it is accepted.
    expected: Expected,
    /// Where it was spawned, if anybody wants to know.
    origin: Option<Origin>,
    /// If it is of the background.
    member: Option<Member>,
}

const NAME: &str = "nursery";

/// As a group, with children that come.
#[inline(never)]
pub(crate) fn run(nursery: &Nursery, context: &Context<'_>) -> Outcome {
    group::within(context, NAME, |inside| {
        let handle = inside.scope.handle();
        let open = nursery.open(inside);
        let call = || nursery.call(&open, handle);
        let body = || process::call(nursery.body as usize, inside, call);
        inside.slot.counts.count(Counted::Nurseries);
        let ended = open.children.run(inside, body);
        inside.slot.counts.count(Counted::NurseriesEnded);
        Open::close(open, inside);
        group::outcome(ended, handle, context.scope)
    })
}

impl Nursery {
    pub(crate) fn new(body: Body, user: UserData, options: Options) -> Nursery {
        Nursery {
            body,
            user,
            options,
        }
    }

    /// It is the calling thread's last one, if that is over for all.
    fn open(&self, context: &Context<'_>) -> Arc<Open> {
        let pass = self.options.on_failure.map(OnFailure::into_filter);
        let (limit, cancel) = (self.options.limit, context.scope.handle().clone());
        let generation = generation::current();
        let Some(mut open) = context.slot.take_nursery::<Open>() else {
            return Arc::new(Open {
                children: nursery::Nursery::new(context, NAME, limit, pass),
                cancel: Some(cancel),
                background: OnceLock::new(),
                generation,
            });
        };
        nursery::Nursery::renew(&mut open.children, context, NAME, limit, pass);
        open.cancel = Some(cancel);
        open.generation = generation;
        open.share()
    }

    fn call(&self, open: &Arc<Open>, cancel: &Cancel) -> Outcome {
        let open = Arc::as_ptr(open).cast_mut();
        // SAFETY: function and data belong together, and what is lent outlives the call.
        let error = unsafe { (self.body)(open, callback::lent(cancel), self.user.data) };
        // SAFETY: what a callback returns stands for one reference, which the program gives up.
        unsafe { callback::outcome(error) }
    }
}

impl OnFailure {
    fn into_filter(self) -> nursery::OnFailure {
        Box::new(move |error, task| {
            let error = error.into_raw().cast_mut();
            given::note_given(Kind::Error, error);
            let path = || TaskRun::path(task);
            let _switches = world::around_callback();
            // SAFETY: function and data belong together; the error's reference is handed over.
            let error = guard::must_return(path, || unsafe { self.call(error) });
            // SAFETY: as for what a body returns.
            unsafe { callback::outcome(error) }
        })
    }

    /// # Safety
    /// The error stands for a reference, which is handed over.
    unsafe fn call(self, error: *mut error::Node) -> *mut error::Node {
        // SAFETY: function and data belong together, and the rest is promised by the caller.
        unsafe { (self.function)(error, self.data) }
    }
}

impl Spawned {
    /// The tree of its services.
    #[inline(always)]
    fn tree(&self) -> Tree {
        match &self.more {
            Some(more) => more.expected.tree(),
            None => Expected::NOTHING.tree(),
        }
    }

    #[inline(always)]
    fn member(&mut self) -> Option<&mut Member> {
        self.more.as_mut()?.member.as_mut()
    }

    #[cold]
    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_with(|| {
            Box::new(More {
                expected: Expected::NOTHING,
                origin: None,
                member: None,
            })
        })
    }
}

impl Child for Spawned {
    type Room = Room<Node>;

    #[inline(always)]
    fn into_room(self) -> Option<Room<Node>> {
        let Spawned { process, more } = self;
        let room = process.into_room();
        drop(more); // In the order in which both are dropped.
        room
    }

    #[inline(always)]
    fn hand_over(&self) {
        self.process.hand_over();
    }

    #[inline(always)]
    fn take_over(&self) {
        self.process.take_over();
    }

    fn came_from(&mut self, origin: Origin) {
        self.more().origin = Some(origin);
    }

    #[inline(always)]
    fn origin(&mut self) -> Option<Origin> {
        self.more.as_mut()?.origin.take()
    }

    #[inline(always)]
    fn accepted(&mut self, under: &Cancel) {
        if self.process.services() > 0 {
            self.more().expected = self.process.expect_services(Some(under));
        }
        if let Some(member) = self.member() {
            member.accepted();
        }
    }

    #[inline(always)]
    fn can_wait(&self) -> bool {
        self.process.can_pend()
    }

    fn runs_here(&self) -> bool {
        without_thread::runs_here(&self.process)
    }

    #[inline(always)]
    fn needs_place(&self) -> bool {
        self.process.needs_place()
    }

    fn background(&self) -> Option<&Arc<Background>> {
        let member = self.more.as_ref()?.member.as_ref();
        member.map(Member::background)
    }

    fn begin(&self, under: &Under) -> Operation {
        let around = Around {
            cancel: &under.cancel,
            task: under.task.as_ref(),
            tree: self.tree(),
        };
        without_thread::begin_to_wait(&self.process, &around, || under.part())
    }

    fn run(&self, context: &Context<'_>) -> Outcome {
        let tree = self.tree();
        let context = Context { tree, ..*context };
        match self.background() {
            Some(background) => background::run(&self.process, background, &context),
            None => process::run(&self.process, &context),
        }
    }

    fn not_started(&self, error: Error) -> Error {
        self.process.not_started(error)
    }
}

impl Open {
    /// It is over. It is kept for the next one, if nobody else has it.
    fn close(open: Arc<Open>, context: &Context<'_>) {
        if let Some(mut open) = Sole::of(open) {
            open.cancel = None;
            open.background.take();
            context.slot.keep_nursery(open);
        }
    }

    /// `None`: in a child of `fork`, where nobody runs it.
    pub(crate) fn spawn(&self, process: Process, if_full: IfFull) -> Option<Result<(), Refused>> {
        let mut spawned = Spawned {
            process,
            more: None,
        };
        if self.is_inherited() {
            return None;
        }
        if spawned.process.is_background() {
            spawned.more().member = Some(Member::of(self.background().clone()));
        }
        Some(self.children.spawn(spawned, if_full))
    }

    #[cold]
    fn background(&self) -> &Arc<Background> {
        (self.background).get_or_init(|| {
            let cancel = self.cancel.as_ref().expect("it is not over for who has it");
            Background::new(cancel.child(), 0)
        })
    }

    pub(crate) fn rest(&self, deadline: Option<Instant>) -> Option<Rest> {
        (!self.is_inherited()).then(|| self.children.rest(deadline))
    }

    pub(crate) fn count(&self) -> usize {
        if self.is_inherited() {
            0
        } else {
            self.children.count()
        }
    }

    pub(crate) fn cancel(&self) -> Option<&Cancel> {
        self.cancel.as_ref()
    }

    fn is_inherited(&self) -> bool {
        self.generation != generation::current()
    }
}
