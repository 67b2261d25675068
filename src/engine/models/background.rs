//! Models of BG1 and BG2 in a group and in a nursery, with mutants that they must catch.

use loom::thread;

use super::*;
use crate::base::models::explore;
use crate::base::sync::Mutex;
use crate::base::sync::atomic::AtomicBool;
use crate::engine::backlog::Backlog;
use crate::engine::frames::{self, Context, What};
use crate::engine::nursery::{Child, IfFull, Nursery, Refused};
use crate::engine::sentinel;
use crate::scope::cancel::Scope;

type Note = fn(&Background);

/// Both others of a group succeed; who waits in the background is told, and both have ended by then.
fn both_succeed(note: Note) {
    explore(3, move || {
        let background = Background::new(Cancel::root(None), 2);
        let ended = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let others = ended.clone().map(|ended| {
            let background = background.clone();
            thread::spawn(move || {
                ended.store(true, Ordering::Relaxed);
                note(&background);
            })
        });
        assert!(background.handle().wait(None));
        assert!(ended.iter().all(|ended| ended.load(Ordering::Relaxed)));
        for other in others {
            other.join().unwrap();
        }
    });
}

#[test]
fn bg1_one_of_a_group_is_the_last() {
    both_succeed(Background::note_success);
}

#[test]
#[ignore = "a mutant"]
fn bg1_mutant_looks_before_it_is_counted() {
    both_succeed(|background| {
        let is_last = background.count.load(Ordering::Acquire) == 1;
        background.count.fetch_sub(1, Ordering::AcqRel);
        if is_last {
            background.stop();
        }
    });
}

#[test]
#[ignore = "a mutant"]
fn bg2_mutant_does_not_know_what_the_first_one_did() {
    both_succeed(|background| {
        if background.count.fetch_sub(1, Ordering::Relaxed) == 1 {
            background.stop();
        }
    });
}

#[test]
#[ignore = "a mutant"]
fn bg2_mutant_tells_at_the_first_one() {
    both_succeed(|background| {
        background.count.fetch_sub(1, Ordering::AcqRel);
        background.stop();
    });
}

/// A child of a nursery, which may be of the background.
struct Model {
    background: Option<Arc<Background>>,
    /// That it is one of those, from when it is accepted; gone with the last who holds it.
    member: Option<Arc<Mutex<Member>>>,
    is_counted_when_accepted: bool,
    then: Box<dyn Fn() + Send + Sync>,
}

impl Child for Model {
    type Room = ();
    fn accepted(&mut self, _: &Cancel) {
        if self.is_counted_when_accepted {
            self.member
                .iter()
                .for_each(|member| member.lock().accepted());
        }
    }
    fn needs_place(&self) -> bool {
        self.background.is_some()
    }
    fn background(&self) -> Option<&Arc<Background>> {
        self.background.as_ref()
    }
    fn run(&self, _: &Context<'_>) -> Outcome {
        (self.then)();
        Ok(())
    }
    fn not_started(&self, error: Error) -> Error {
        error
    }
}

struct Scene {
    nursery: Arc<Nursery<Model>>,
    scope: Scope<'static>,
    background: Arc<Background>,
}

fn scene() -> Scene {
    sentinel::pretend_awake();
    let scope = Scope::of(None, None);
    let nursery = frames::enter(What::Run("a model"), &scope, None, 0, |context| {
        Nursery::new(&context, "a model", 0, None)
    });
    let background = Background::new(scope.handle().child(), 0);
    Scene {
        nursery,
        scope,
        background,
    }
}

impl Scene {
    fn run(&self, body: impl FnOnce()) {
        let body = || {
            body();
            Ok(())
        };
        frames::enter(What::Run("a model"), &self.scope, None, 0, |context| {
            self.nursery.run(&context, body)
        });
    }

    fn in_background(&self, then: impl Fn() + Send + Sync + 'static) -> Model {
        Model {
            background: Some(self.background.clone()),
            member: Some(Arc::new(Mutex::new(Member::of(self.background.clone())))),
            is_counted_when_accepted: true,
            then: Box::new(then),
        }
    }

    fn other(&self, then: impl Fn() + Send + Sync + 'static) -> Model {
        Model {
            background: None,
            member: None,
            is_counted_when_accepted: false,
            then: Box::new(then),
        }
    }
}

type Spawn = fn(&Arc<Nursery<Model>>, Model) -> Result<(), Refused>;

fn as_it_is(nursery: &Arc<Nursery<Model>>, child: Model) -> Result<(), Refused> {
    nursery.spawn(child, IfFull::Wait)
}

/// One that waits for the end of the others is spawned as the body returns: it is refused, or told.
fn spawned_as_the_body_returns(spawn: Spawn) {
    explore(2, move || {
        let scene = scene();
        let handle = scene.background.handle().clone();
        let late = scene.in_background(move || assert!(handle.wait(None)));
        let nursery = scene.nursery.clone();
        let spawner = thread::spawn(move || spawn(&nursery, late).is_ok());
        scene.run(|| ());
        spawner.join().unwrap();
        assert_eq!(scene.background.inside(), 0);
    });
}

#[test]
fn bg1_spawned_as_the_body_returns() {
    spawned_as_the_body_returns(as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn bg1_mutant_is_counted_after_it_was_accepted() {
    spawned_as_the_body_returns(|nursery, mut child| {
        child.is_counted_when_accepted = false;
        let member = child.member.clone();
        as_it_is(nursery, child)?;
        member.iter().for_each(|member| member.lock().accepted());
        Ok(())
    });
}

type Keep = fn(&Model) -> Option<Arc<Mutex<Member>>>;

/// Of two in the background one ends at once, while another child still runs, or has not begun: nobody is told before that has ended.
fn one_of_them_ends(keep: Keep) {
    explore(2, move || {
        let scene = scene();
        let first = scene.in_background(|| ());
        let kept = keep(&first);
        let (handle, seen) = (
            scene.background.handle().clone(),
            Arc::new(AtomicBool::new(false)),
        );
        let sees = seen.clone();
        let other = scene.other(move || {
            assert!(!handle.cancelled());
            sees.store(true, Ordering::Relaxed);
        });
        let nursery = scene.nursery.clone();
        let helper = thread::spawn(move || nursery.help());
        scene.run(|| {
            for child in [first, other, scene.in_background(|| ())] {
                assert!(as_it_is(&scene.nursery, child).is_ok());
            }
        });
        helper.join().unwrap();
        assert!(seen.load(Ordering::Relaxed));
        drop(kept);
    });
}

#[test]
fn bg2_one_of_them_ends_before_the_others() {
    one_of_them_ends(|_| None);
}

#[test]
#[ignore = "a mutant"]
fn bg2_mutant_is_counted_after_it_has_ended() {
    one_of_them_ends(|first| first.member.clone());
}
