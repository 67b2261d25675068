//! rayon: a scope of spawned children, entered from an ordinary thread.

use procession_bench_peers::{repeat, run};

fn trivial(n: u32, repetitions: u32) {
    let scope = || {
        rayon::scope(|scope| {
            for _ in 0..n {
                scope.spawn(|_| {
                    std::hint::black_box(());
                });
            }
        });
    };
    repeat(scope, n, repetitions);
}

fn main() {
    run("rayon", &[("trivial", trivial)]);
}
