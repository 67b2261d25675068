// callbacks: processes whose callbacks are JavaScript functions. What one must know about that is in README.md.
//
//     npm ci && node callbacks.mjs
import { deepEqual, equal } from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { Worker } from 'node:worker_threads';
import * as proc from './procession.mjs';

function printTree(error, indent = '') {
    const count = proc.proc_error_count(error);
    if (proc.proc_error_task_type(error) !== null) {
        console.log(`${indent}task ${proc.proc_error_task_type(error)}`);
        printTree(proc.proc_error_cause(error), indent + '  ');
    } else if (count > 1) {
        console.log(`${indent}${count} errors`);
        for (let i = 0; i < count; i++) printTree(proc.proc_error_at(error, i), indent + '  ');
    } else {
        console.log(`${indent}code ${proc.proc_error_code(error)}: ${proc.proc_error_message(error)}`);
    }
}

// One of four fails; the others wait, see that, and stop. One of them fails to. They block, so each has a Worker.
async function shop() {
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const bodies = { web: 'wait', mail: 'wait', log: 'writeLog', disk: 'useDisk' };
    const workers = Object.values(bodies).map(body =>
        new Worker(new URL('blocking.mjs', import.meta.url), { workerData: { body, shared } }));
    const impls = (await Promise.all(workers.map(worker => once(worker, 'message')))).flat();
    const children = Object.keys(bodies).map((name, i) => proc.proc_task(name, impls[i]));
    const error = await proc.run(proc.proc_task('shop', proc.proc_group(children, children.length)), null);
    printTree(error);
    equal(shared[1], 3, 'cancellations because of the disk');
    checkTree(error);
    proc.proc_error_unref(error);
    for (const worker of workers) worker.postMessage('the process is done with');
    await Promise.all(workers.map(worker => once(worker, 'exit')));
}

function checkTree(error) {
    equal(proc.proc_error_task_type(error), 'shop');
    const errors = proc.proc_error_cause(error);
    const messages = Array.from({ length: Number(proc.proc_error_count(errors)) },
        (_, i) => proc.proc_error_message(proc.proc_error_at(errors, i)));
    deepEqual(messages, ['disk: the disk is on fire', 'log: the log is cut short']);
    equal(proc.proc_error_code(proc.proc_error_find_task(error, 'log')), constants.errno.ENOSPC);
    equal(proc.proc_error_find_task(error, 'web'), null, 'who stopped as asked is not listed');
}

// A thread of the library carries the name of the task that it runs.
function threadsNamed(name) {
    return readdirSync('/proc/self/task').filter(thread => {
        try {
            return readFileSync(`/proc/self/task/${thread}/comm`, 'utf8') === `${name}\n`;
        } catch {
            return false; // It has just ended.
        }
    });
}

// Short callbacks, all on this thread. It serves none before all children but one have a thread of the library.
async function serve(rounds, children) {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    const threads = new Set();
    let callbacks = 0;
    let onLibraryThreads = 0;
    for (let round = 0; round < rounds; round++) {
        const name = `round ${round}`;
        const impls = Array.from({ length: children },
            () => proc.proc_task(name, proc.newProcess(() => { callbacks++; })));
        const done = proc.run(proc.proc_concurrent(impls, children), null);
        let waiting;
        while ((waiting = threadsNamed(name)).length < children - 1) Atomics.wait(pause, 0, 0, 1);
        onLibraryThreads += waiting.length;
        waiting.forEach(thread => threads.add(thread));
        equal(await done, null);
    }
    console.log(`${onLibraryThreads} callbacks on ${threads.size} threads of the library`);
    equal(callbacks, rounds * children);
}

await shop();
await serve(100, 101);
console.log(`${proc.releases} releases`);
equal(proc.functions.size, 0, 'functions that are left');
equal(proc.releases, 100 * 101, 'releases of what ran on this thread');
