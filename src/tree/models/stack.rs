//! Models of a stack's way up and down, against its stop, with mutants that they must catch.

use std::sync::atomic::{AtomicBool as Flag, AtomicUsize as Counter, Ordering};

use loom::thread;

use super::*;
use crate::base::models::explore;

const LAYERS: usize = 2;

fn because() -> Error {
    Error::new(77, "because")
}

/// A stack whose layers are threads, or end at once.
struct Scene {
    handle: Cancel,
    listening: Arc<Listening>,
    progress: Arc<Progress>,
    begun: Counter,
}

fn scene() -> Scene {
    let handle = Cancel::root(None);
    let progress = Progress::new(vec![false; LAYERS]);
    let listening = Listening::of(progress.clone());
    handle.listen(&listening);
    Scene {
        handle,
        listening,
        progress,
        begun: Counter::new(0),
    }
}

type Climb = fn(&Scene) -> usize;

/// As it is, with layers that are up at once.
fn as_it_is(scene: &Scene) -> usize {
    climb(&scene.progress, &scene.handle, |layer| begin(scene, layer))
}

fn begin(scene: &Scene, layer: usize) -> bool {
    scene.begun.fetch_add(1, Ordering::Relaxed);
    if layer == 0 {
        scene.progress.note_up(layer, true);
    }
    true
}

/// The second layer is never up; the stack stops meanwhile.
fn it_stops(climb: Climb) {
    explore(3, move || {
        let scene = scene();
        let cancelled = scene.handle.clone();
        let has_stopped = Arc::new(Flag::new(false));
        let stopped = has_stopped.clone();
        let stops = thread::spawn(move || {
            cancelled.trigger(because());
            stopped.store(true, Ordering::Relaxed);
        });
        let up = climb(&scene);
        assert!(scene.handle.cancelled() && up < LAYERS);
        assert!(scene.begun.load(Ordering::Relaxed) <= up + 1);
        stops.join().unwrap();
        assert!(has_stopped.load(Ordering::Relaxed));
        scene.handle.unlisten(&scene.listening);
    });
}

#[test]
fn z3_who_waits_for_the_next_hears_of_the_stop() {
    it_stops(as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn z3_mutant_waits_only_for_the_layer() {
    it_stops(|scene| {
        let waits = |state: &mut State| !state.layers[1].is_up;
        let begun = (0..LAYERS).filter(|layer| begin(scene, *layer)).count();
        let state = scene.progress.state.lock();
        drop(scene.progress.bell.wait_while(state, waits));
        begun - 1
    });
}

#[test]
#[ignore = "a mutant"]
fn z3_mutant_counts_one_as_up_when_the_stack_stops() {
    it_stops(|scene| {
        let mut up = 0;
        while up < LAYERS && begin(scene, up) {
            let is_up = |state: &State| state.layers[up].is_up;
            scene.progress.wait(&scene.handle, is_up);
            up += 1;
        }
        up
    });
}

type Descend = fn(&Progress, &(dyn Fn(usize) + Sync));

fn down(progress: &Progress, stop: &(dyn Fn(usize) + Sync)) {
    descend(progress, LAYERS, stop);
}

/// Each layer is a thread that ends when it is cancelled: at that moment none above it runs.
fn it_descends(descend: Descend) {
    explore(3, move || {
        let progress = Progress::new(vec![false; LAYERS]);
        let handles = [Cancel::root(None), Cancel::root(None)];
        let running = Arc::new(Counter::new(LAYERS));
        let layer = |number: usize| {
            let (handle, progress) = (handles[number].clone(), progress.clone());
            let running = running.clone();
            thread::spawn(move || {
                handle.wait(None);
                assert_eq!(running.fetch_sub(1, Ordering::Relaxed), number + 1);
                progress.note(|state| state.layers[number].has_ended = true);
            })
        };
        let threads = [layer(0), layer(1)];
        descend(&progress, &|number| handles[number].trigger(because()));
        assert_eq!(running.load(Ordering::Relaxed), 0);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn z4_each_has_ended_before_the_one_below_hears_of_it() {
    it_descends(down);
}

#[test]
#[ignore = "a mutant"]
fn z4_mutant_does_not_wait() {
    it_descends(|progress, stop| {
        (0..LAYERS).rev().for_each(stop);
        (0..LAYERS).for_each(|layer| progress.wait_for_end(layer));
    });
}

#[test]
#[ignore = "a mutant"]
fn z4_mutant_goes_upwards() {
    it_descends(|progress, stop| {
        for layer in 0..LAYERS {
            stop(layer);
            progress.wait_for_end(layer);
        }
    });
}

/// A layer says that it is up as the thread that runs the stack is about to wait for that.
fn it_is_up(note_up: fn(&Arc<Progress>)) {
    explore(3, move || {
        let scene = scene();
        let progress = scene.progress.clone();
        let layer = thread::spawn(move || note_up(&progress));
        scene
            .progress
            .wait(&scene.handle, |state| state.layers[0].is_up);
        layer.join().unwrap();
        scene.handle.unlisten(&scene.listening);
    });
}

#[test]
fn z3_who_is_up_is_seen() {
    it_is_up(|progress| {
        IsUp {
            number: 0,
            progress: progress.clone(),
        }
        .tell()
    });
}

#[test]
#[ignore = "a mutant"]
fn z3_mutant_rings_before_it_is_up() {
    it_is_up(|progress| {
        progress.bell.notify_one();
        progress.state.lock().layers[0].is_up = true;
    });
}
