//! Models of B2 to B4, F9 and F10 for what waits without a thread in a fan-out, each with a mutant that it must catch. But for the last one,
//! the sentinel is awake, and far away.

use loom::thread;

use super::*;
use crate::base::error::{Error, Outcome};
use crate::base::models::{explore, threads};
use crate::engine::frames::{self, What};
use crate::engine::models::{lasting_scope, without_hints};
use crate::engine::rule::{Decides, Rule};
use crate::engine::shown::Source;
use crate::engine::{sentinel, slots};
use crate::scope::cancel::Scope;
use crate::scope::promise::Promise;

const CONCURRENT: Rule = Rule::of("concurrent", Decides::Nobody);
const GROUP: Rule = Rule::of("group", Decides::Failing);

/// Children that wait for a promise each; the last one, if it is to, is run, until what they run under is cancelled.
#[derive(Clone)]
struct Mixed {
    promises: Vec<Promise>,
    blocks: bool,
}

impl Children for Mixed {
    fn count(&self) -> usize {
        self.promises.len() + usize::from(self.blocks)
    }
    fn run_one(&self, index: usize, context: &Context<'_>) -> Outcome {
        match self.promises.get(index) {
            Some(promise) => promise.node().outcome().expect("it is complete"),
            None => {
                context.scope.handle().wait(None);
                Err(context
                    .scope
                    .handle()
                    .cause()
                    .expect("it is cancelled")
                    .clone())
            }
        }
    }
    fn can_any_wait(&self) -> bool {
        true
    }
    fn can_wait(&self, index: usize) -> bool {
        index < self.promises.len()
    }
    fn begin(&self, index: usize, _: &Context<'_>) -> Option<Operation> {
        let promise = self.promises.get(index)?;
        Some(Operation::new(
            Source::Promise(promise.node().clone()),
            Vec::new(),
        ))
    }
    without_hints!();
}

fn mixed(waiting: usize, blocks: bool) -> Mixed {
    Mixed {
        promises: (0..waiting).map(|_| Promise::new()).collect(),
        blocks,
    }
}

struct Scene {
    fan_out: Arc<FanOut<Mixed>>,
    /// Lent, so they stay where they are (F11).
    children: Box<Mixed>,
    scope: Box<Scope<'static>>,
}

fn on_this_thread<T>(scope: &Scope<'_>, code: impl FnOnce(Context<'_>) -> T) -> T {
    frames::enter(What::Run("a model"), scope, None, 0, code)
}

fn scene(children: Mixed, rule: Rule) -> Scene {
    let (children, scope) = (Box::new(children), Box::new(lasting_scope()));
    let fan_out = on_this_thread(&scope, |context| FanOut::new(&*children, &context, rule));
    let fan_out = Arc::new(fan_out);
    fan_out.state.lock().operations = Some(Operations::of(&fan_out));
    Scene {
        fan_out,
        children,
        scope,
    }
}

type GiveBack = fn(&Arc<FanOut<Mixed>>, Which);

impl Scene {
    /// What the caller does, which has the sentinel watch or not. Tells the codes of the errors.
    fn run(&self, is_watched: bool) -> Vec<i32> {
        let fan_out = &self.fan_out;
        let ended = on_this_thread(&self.scope, |context| {
            slots::watch(context.slot);
            context.inside(What::Children("a model", Some(fan_out)), || {
                if is_watched {
                    sentinel::watch(fan_out, 1).expect("there are threads");
                }
                fan_out.work_with_operations(&self.children, &context, true);
                fan_out.join()
            })
        });
        let errors = ended.map_or(Vec::new(), |ended| ended.errors);
        errors.iter().map(|error| error.code()).collect()
    }

    /// Completes that one on another thread, with its index as the error's code; if it is not heard of otherwise, it gives it back
    /// in that way.
    fn completes(&self, index: usize, give_back: Option<GiveBack>) -> thread::JoinHandle<()> {
        let promise = self.children.promises[index].clone();
        let fan_out = self.fan_out.clone();
        thread::spawn(move || {
            promise.complete(Err(Error::new(index as i32 + 1, "by its promise")));
            if let Some(give_back) = give_back {
                give_back(&fan_out, Which::All);
            }
        })
    }

    /// From now on only the model gives anything back.
    fn unheard(&self) {
        let nobody = |operations: &mut Operations<Mixed>| operations.me = Weak::new();
        self.fan_out.lock_operations(nobody);
    }
}

/// Two are told at the same moment, as they begin or later: each ends once, and the caller waits for that.
#[test]
fn b2_b3_each_ends_once() {
    explore(2, || {
        sentinel::pretend_awake();
        let scene = scene(mixed(2, false), CONCURRENT);
        let others = [0, 1].map(|index| scene.completes(index, None));
        let mut errors = scene.run(false);
        errors.sort_unstable();
        assert_eq!(errors, [1, 2]);
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

/// The caller waits for the last one, which is given back.
fn the_last_one_is_told(give_back: GiveBack) {
    explore(2, move || {
        sentinel::pretend_awake();
        let scene = scene(mixed(1, false), CONCURRENT);
        scene.unheard();
        let other = scene.completes(0, Some(give_back));
        assert_eq!(scene.run(false), [1]);
        other.join().unwrap();
    });
}

#[test]
fn b3_the_caller_ends_the_last_one() {
    the_last_one_is_told(|fan_out, which| fan_out.clone().give_back(which));
}

#[test]
#[ignore = "a mutant"]
fn b3_mutant_does_not_ring_for_the_caller() {
    the_last_one_is_told(|fan_out, which| {
        fan_out.lock_operations(|operations| operations.pending.give_back(which));
    });
}

#[test]
#[ignore = "a mutant"]
fn b3_mutant_looks_whether_the_caller_waits_first() {
    the_last_one_is_told(|fan_out, which| {
        let waits = fan_out.lock_operations(|operations| operations.caller_waits);
        fan_out.lock_operations(|operations| operations.pending.give_back(which));
        if waits == Some(true) {
            fan_out.empty.notify_one();
        }
    });
}

/// No thread can be had for what is ready, while the caller takes it: each ends once, and the caller waits for that.
#[test]
fn f3_b2_given_up_while_the_caller_takes_them() {
    explore(2, || {
        sentinel::pretend_awake();
        threads::at_most(0);
        let scene = scene(mixed(2, false), CONCURRENT);
        for promise in &scene.children.promises {
            promise.complete(Err(Error::new(3, "by its promise")));
        }
        let cancel = scene.scope.handle();
        for index in [0, 1] {
            let operation = Operation::new(
                Source::Promise(scene.children.promises[index].node().clone()),
                vec![],
            );
            assert!(scene.fan_out.take(cancel).is_some());
            scene.fan_out.keep(index, operation, cancel);
        }
        let fan_out = scene.fan_out.clone();
        let gives_up = thread::spawn(move || fan_out.give_up_ready());
        assert_eq!(scene.run(false), [3, 3]);
        gives_up.join().unwrap();
    });
}

/// Two threads take what has a place, and keep it.
fn no_more_have_places(take: fn(&FanOut<Mixed>, &Cancel) -> Option<Taken>) {
    explore(3, move || {
        let rule = CONCURRENT.limited(1);
        let scene = Arc::new(scene(mixed(2, false), rule));
        let takes = move |scene: &Scene| {
            let cancel = scene.scope.handle();
            if let Some(Taken::New(index)) = take(&scene.fan_out, cancel) {
                let promise = scene.children.promises[index].node().clone();
                let operation = Operation::new(Source::Promise(promise), Vec::new());
                scene.fan_out.keep(index, operation, cancel);
            }
        };
        let other = scene.clone();
        let other = thread::spawn(move || takes(&other));
        takes(&scene);
        other.join().unwrap();
        let waiting = |operations: &mut Operations<Mixed>| operations.pending.count();
        assert_eq!(scene.fan_out.lock_operations(waiting), Some(1));
    });
}

#[test]
fn f10_no_more_have_places() {
    no_more_have_places(FanOut::take);
}

#[test]
#[ignore = "a mutant"]
fn f10_mutant_looks_for_room_before_it_claims() {
    no_more_have_places(|fan_out, _| {
        let room = fan_out.lock_operations(|operations| operations.room(1))?;
        let index = (room > 0).then(|| fan_out.first.claim()).flatten()?;
        fan_out.lock_operations(|operations| operations.add_on_threads(1));
        Some(Taken::New(index))
    });
}

/// The caller's own child runs until another one fails, which waits without a thread, while the sentinel falls asleep, or has.
fn told_while_the_caller_runs(give_back: GiveBack) {
    explore(1, move || {
        threads::at_most(usize::MAX);
        let scene = scene(mixed(1, true), GROUP);
        scene.unheard();
        let other = scene.completes(0, Some(give_back));
        assert_eq!(scene.run(true).first(), Some(&1));
        other.join().unwrap();
        threads::join();
    });
}

#[test]
fn b3_f6_somebody_comes_who_ends_it() {
    told_while_the_caller_runs(|fan_out, which| {
        fan_out.lock_operations(|operations| operations.me = Arc::downgrade(fan_out));
        fan_out.clone().give_back(which);
    });
}

#[test]
#[ignore = "a mutant"]
fn b3_f6_mutant_looks_for_the_sentinel_first() {
    told_while_the_caller_runs(|fan_out, which| {
        assert!(pending::send_for(fan_out, true));
        fan_out.lock_operations(|operations| operations.pending.give_back(which));
    });
}
