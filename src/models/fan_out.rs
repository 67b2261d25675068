//! Models of F2 to F5, each with a mutant that it must catch.

use loom::thread;
use std::sync::atomic::AtomicUsize as Counter;

use super::*;
use crate::error::Outcome;
use crate::process::{Body, Kind};

/// A child that counts its runs and fails with a code, if it is not 0.
struct Child {
    runs: Arc<Counter>,
    code: i32,
}

impl Body for Child {
    fn call(&self, _: &Cancel) -> Outcome {
        self.runs.fetch_add(1, Ordering::Relaxed);
        match self.code {
            0 => Ok(()),
            code => Err(Error::new(code, "fails")),
        }
    }
}

/// A fan-out with two children, and the counts of their runs.
fn two_children(codes: [i32; 2], policy: OnFailure) -> (Arc<FanOut>, [Arc<Counter>; 2]) {
    let runs = [Arc::new(Counter::new(0)), Arc::new(Counter::new(0))];
    let children = [0, 1].map(|child| {
        let (runs, code) = (runs[child].clone(), codes[child]);
        Process::leaf(Box::new(Child { runs, code }))
    });
    let kind = Kind::Concurrent(children.to_vec());
    let process = Process::combine(kind, || unreachable!("it is not deep"));
    let cancel = Cancel::root();
    let context = Context {
        cancel: &cancel,
        task: None,
    };
    (Arc::new(FanOut::new(&process, context, policy)), runs)
}

fn helper(fan_out: &Arc<FanOut>, help: fn(&FanOut)) -> thread::JoinHandle<()> {
    let fan_out = fan_out.clone();
    thread::spawn(move || help(&fan_out))
}

fn caller_and_helper(work: fn(&FanOut)) {
    loom::model(move || {
        let (fan_out, runs) = two_children([1, 2], OnFailure::GoOn);
        let other = helper(&fan_out, work);
        work(&fan_out);
        // F4: when the caller goes on, all have run and are reported, wherever the helper is.
        assert_eq!(fan_out.join().len(), 2);
        assert!(runs.iter().all(|runs| runs.load(Ordering::Relaxed) == 1));
        other.join().unwrap();
    });
}

#[test]
fn f2_f4_each_child_is_run_and_reported_once() {
    caller_and_helper(FanOut::work);
}

#[test]
#[ignore = "a mutant"]
fn f2_mutant_claims_in_two_steps() {
    caller_and_helper(|fan_out| {
        let mut ran = 0;
        loop {
            let next = fan_out.next.load(Ordering::Relaxed);
            let Some(child) = fan_out.children().get(next) else {
                break;
            };
            fan_out.next.store(next + 1, Ordering::Relaxed);
            fan_out.run_child(child);
            ran += 1;
        }
        fan_out.count(ran);
    });
}

#[test]
#[ignore = "a mutant"]
fn f4_mutant_reports_before_it_runs() {
    caller_and_helper(|fan_out| {
        while let Some(child) = fan_out.claim() {
            fan_out.count(1);
            fan_out.run_child(child);
        }
    });
}

#[test]
fn f3_given_up_children_are_reported_too() {
    loom::model(|| {
        let (fan_out, runs) = two_children([0, 0], OnFailure::GoOn);
        let other = helper(&fan_out, |fan_out| fan_out.give_up());
        fan_out.work();
        let denied = fan_out.join().len();
        let ran: usize = runs.iter().map(|runs| runs.load(Ordering::Relaxed)).sum();
        assert_eq!(ran + denied, 2);
        other.join().unwrap();
    });
}

#[test]
#[ignore = "a mutant"]
fn f3_mutant_gives_up_without_claiming() {
    loom::model(|| {
        let (fan_out, _) = two_children([0, 0], OnFailure::GoOn);
        let other = helper(&fan_out, |fan_out| fan_out.count(fan_out.unclaimed()));
        fan_out.work();
        fan_out.join();
        other.join().unwrap();
        assert_eq!(fan_out.report.lock().reported, 2);
    });
}

fn both_fail(fail: fn(&FanOut, Error)) {
    loom::model(move || {
        let (fan_out, _) = two_children([0, 0], OnFailure::CancelOthers);
        let other = {
            let fan_out = fan_out.clone();
            thread::spawn(move || fail(&fan_out, Error::new(1, "one")))
        };
        fail(&fan_out, Error::new(2, "two"));
        other.join().unwrap();
        let cause = fan_out.cancel.cause().expect("a failure cancels").code();
        assert_eq!(fan_out.report.lock().errors[0].code(), cause);
    });
}

#[test]
fn f5_the_cause_is_the_first_error() {
    both_fail(FanOut::fail);
}

#[test]
#[ignore = "a mutant"]
fn f5_mutant_cancels_with_its_own_error() {
    both_fail(|fan_out, error| {
        fan_out.report.lock().errors.push(error.clone());
        fan_out.cancel.trigger(error);
    });
}
