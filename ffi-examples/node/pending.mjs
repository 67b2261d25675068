// pending: 5,000 operations of Node's that the library waits for, and no thread for any of them; and callbacks of the library on the JavaScript
// thread, by a queue. What one must know about that is in README.md.
//
//     npm ci && node pending.mjs
import { equal, ok } from 'node:assert/strict';
import { constants } from 'node:os';
import { readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import * as proc from './procession.mjs';

const MANY = 5000;
const queue = new proc.Queue();

const threads = () => readdirSync('/proc/self/task').length;

// Resolves when all are asked for an answer. One has none.
async function answer(number, asked) {
    await asked;
    if (number === MANY / 2) throw Object.assign(new Error('no answer'), { errno: constants.errno.EIO });
}

function several(combine, children) {
    return combine(children, children.length);
}

// They all end when they are asked to; before that, a callback for each of them runs here.
async function operations() {
    let ask;
    const asked = new Promise(resolve => { ask = resolve; });
    const all = Array.from({ length: MANY }, (_, number) => proc.proc_task('operation', proc.awaited(answer(number, asked))));
    let turns = 0;
    const callbacks = Array.from({ length: MANY }, () => queue.process(() => { turns++; }));
    const done = proc.run(several(proc.proc_concurrent, [...all, ...callbacks]), null);
    while (turns < MANY) await turn();
    const most = threads();
    ask();
    const error = await done;
    equal(proc.proc_error_message(error), 'operation: no answer');
    proc.proc_error_unref(error);
    ok(most < MANY / 10, `${MANY} pending operations have ${most} threads`);
    console.log(`${MANY} pending operations, ${turns} callbacks on the JavaScript thread, ${most} threads`);
}

// A nursery whose children are spawned here, in a program that SIGTERM stops.
async function stopped() {
    let most;
    const body = nursery => {
        for (let number = 0; number < MANY; number++) {
            equal(proc.proc_try_spawn(nursery, proc.awaited(answer(number, new Promise(() => {})))), null);
        }
        most = threads();
        process.kill(process.pid, 'SIGTERM');
    };
    equal(await proc.main(proc.newNursery(body, 0, error => error)), null);
    ok(most < MANY / 10, `a nursery of ${MANY} has ${most} threads`);
    console.log(`a nursery of ${MANY} pending operations, ${most} threads, was stopped by SIGTERM`);
}

await operations();
await stopped();
queue.close();
equal(proc.functions.size, 0, 'functions that are left');
