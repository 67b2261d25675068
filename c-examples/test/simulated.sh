#!/usr/bin/env bash
# simulated.sh COMMAND…
# Runs 20_simulation: each mistake is found, fails again as it is written down, and is gone when it is repaired. Which seed and which
# switches it was is not looked at.
set -u
actual=$("$@" 2>&1)
status=$?
told=$(sed -E 's/^(.*simulation:) .*PROCESSION_SEED=[0-9]+, .*, fewest switches [0-9]+: PROCESSION_SCHEDULE=[0-9:,-]+:/\1/' <<<"$actual")

expected="queue: simulation: deadlock: nobody can go on, and nothing is due
queue: with the fewest switches it fails again
queue, repaired: no run fails
call: simulation: the request was lost
call: with the fewest switches it fails again
call, repaired: no run fails
daemon: simulation: an acknowledged write was lost
daemon: with the fewest switches it fails again
daemon, repaired: no run fails"
if [[ $told != "$expected" || $status != 0 ]]; then
    printf 'exit status %s\n--- expected\n%s\n--- actual\n%s\n' $status "$expected" "$actual"
    exit 1
fi
