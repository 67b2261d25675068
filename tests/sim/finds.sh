#!/usr/bin/env bash
# What procession-sim finds: finds.sh mistake|behaves|allocates|denied|tool PROGRAM, with PROCESSION_SIM_TOOL and PROCESSION_SIM_LIBRARY in the environment.
set -uo pipefail
what=$1 program=$2
said=$(mktemp)
trap 'rm "$said"' EXIT
unset PROCESSION_SEED

fail() {
    echo "$*, and it said:" >&2
    cat "$said" >&2
    exit 1
}

# sim STATUS WORD…: the exit status, and what it says goes to a file.
sim() {
    local expected=$1 status
    shift
    "$PROCESSION_SIM_TOOL" "$@" >"$said" 2>&1
    status=$?
    [ $status = "$expected" ] || fail "procession-sim $* ended with $status"
}

says() { grep -qE -- "$1" "$said" || fail "it did not say: $1"; }

# With which faults a mistake is found.
faults=()

# found WORDS…: of each kind of mistake, by both schedules, what it says; then once more with its seed, in the words that it told.
found() {
    local schedule again first words
    for schedule in random pct; do
        sim 1 --seed 1 --runs 10000 --schedule $schedule "${faults[@]}" "$program"
        for words in "$@"; do
            says "$words"
        done
        first=$(grep '^procession-sim: seed ' "$said")
        again=$(sed -n 's/^procession-sim: to run it again: PROCESSION_SEED=\([0-9]*\) procession-sim /\1 /p' "$said")
        # shellcheck disable=SC2086 # They are words.
        sim 1 --seed $again
        [ "$first" = "$(grep '^procession-sim: seed ' "$said")" ] || fail "it was another run than: $first"
    done
    sim 0 --runs 100 "${faults[@]}" "$program" repaired
    sim 0 --runs 100 --schedule pct "${faults[@]}" "$program" repaired
}

# found_with FAULTS… -- WORDS…: the same, where it is not found without these.
found_with() {
    sim 0 --runs 100 "$program"
    while [ "$1" != -- ]; do
        faults+=("$1")
        shift
    done
    shift
    found "$@" "procession-sim --runs 1 .*${faults[*]} $program$"
}

check_mistake() {
    case $program in
    *lock_order)
        found "deadlock: nobody can go on" "^thread 1 \(main\) waits for the end of the thread that runs sim_lock_order" \
            "^thread [0-9]+ \(sim_lock_order\+0x[0-9a-f]+\) waits for the mutex sim_lock_order\+0x[0-9a-f]+, which is held by thread [0-9]+$"
        ;;
    *lost_signal)
        found "deadlock: nobody can go on" "waits for the condition sim_lost_signal"
        sim 1 --schedule exhaustive --runs 10000 "$program"
        says "^procession-sim: order [0-9]+: deadlock"
        sim 1 --schedule exhaustive --runs 10000 --preemptions 1 "$program"
        says "--schedule exhaustive --preemptions 1 $program$"
        ;;
    *order) found "ended by signal 11" ;;
    *early_wake) found_with --early-wakes 100 -- "ended by signal 6" ;;
    *late_thread)
        found_with --slow 200 --slow-ms 150 -- "ended by signal 6"
        sim 0 --runs 100 --slow 200 --slow-ms 99 "$program"
        ;;
    *freed) found "heap-use-after-free" "exit status 1" ;;
    *) found "ended by signal 6" ;;
    esac
}

check_behaves() {
    local law
    "$program" once || fail "outside of a run it fails"
    for law in mutexes conditions semaphores barriers once threads locks times spins; do
        sim 0 --runs 40 "$program" $law
    done
    sim 0 --runs 40 --schedule pct "$program"
}

check_allocates() {
    sim 0 --runs 40 "$program"
    sim 0 --runs 40 --schedule pct "$program"
}

# Its fork fails at the third time, of which the program of another case knows nothing.
check_denied() {
    sim 1 --schedule exhaustive "$program"
    says "^procession-sim: no process could be had for a run$"
    sim 1 "$program"
    says "^procession-sim: no process could be had for a run$"
    sim 1 --schedule exhaustive "$program" fails
    says "^procession-sim: order 2: it has failed, and no process could be had to show how$"
    PROCESSION_SEED=5 FORKS=0 sim 1 --runs 1 "$program"
    says "^procession-sim: no process could be had for a run$"
}

check_tool() {
    sim 0 --runs 20 --seed 5 "$program"
    says "^procession-sim: no run fails, with the seeds 5 to 24$"
    sim 1 --runs 20 --seed 5 "$program" status
    says "^procession-sim: seed 5: exit status 7$"
    says "^procession-sim: to run it again: PROCESSION_SEED=5 procession-sim --runs 1 $program status$"
    sim 1 --runs 1 "$program" signal
    says "ended by signal 15"
    sim 1 --runs 1 "$program" nobody
    says "deadlock"
    says "^thread 1 \(main\) waits for the semaphore 0x"
    sim 1 --runs 1 --seconds 1 "$program" hang
    says "hang: it has computed for 1 s|blocking for more than a second" # On a busy machine it hardly computes.
    sim 1 --runs 1 "$program" late
    says "it has not ended within"
    sim 0 --runs 3 "$program" alone
    sim 1 --runs 1 /nowhere
    says "/nowhere: there is no such program"
    sim 0 --schedule exhaustive "$program"
    says "no run fails, of [0-9]+ orders"
    sim 1 --schedule exhaustive "$program" status
    says "to run it again: PROCESSION_SEED=[0-9]+ procession-sim --runs 1 --schedule exhaustive $program status"
    sim 2 --runs 0 "$program"
    sim 2 --schedule never "$program"
    sim 2 --early-wakes 1001 "$program"
    sim 2 --slow -1 "$program"
    sim 2
    sim 0 --help
    says "deadlock and who waits for what"
    sim 0 --version
    PROCESSION_SEED=x sim 2 "$program"
    PROCESSION_SEED=9 sim 0 --runs 1 "$program"
    says "seeds 9 to 9"
    says "^well, and LD_PRELOAD is not set$"
    PROCESSION_SIM_LIBRARY=/nowhere.so sim 1 --runs 1 "$program"
    says "it has not taken /nowhere.so"
}

"check_$what"
