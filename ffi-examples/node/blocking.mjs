// A JavaScript thread for one process that blocks: `new Worker('./blocking.mjs', { workerData: { body, shared } })`. It
// tells its parent the process, waits to be told that the process is done with, and ends.
import { constants } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import * as proc from './procession.mjs';

// How many wait, and how many of them were cancelled because of the disk.
const [waiting, cancelled] = [0, 1];
const { EIO, ENOSPC } = constants.errno;
const { shared } = workerData;

function fail(errno, message) {
    throw Object.assign(new Error(message), { errno });
}

const bodies = {
    wait(cancel) {
        Atomics.add(shared, waiting, 1);
        Atomics.notify(shared, waiting);
        proc.proc_wait(cancel, proc.FOREVER);
        if (proc.proc_error_code(proc.proc_cancel_cause(cancel)) === EIO) Atomics.add(shared, cancelled, 1);
        return proc.proc_cancel_error(cancel);
    },
    writeLog(cancel) {
        proc.proc_error_unref(bodies.wait(cancel));
        fail(ENOSPC, 'the log is cut short');
    },
    useDisk() {
        for (let count; (count = Atomics.load(shared, waiting)) < 3;) Atomics.wait(shared, waiting, count);
        fail(EIO, 'the disk is on fire');
    },
};

parentPort.once('message', () => {
    if (proc.functions.size > 0) throw new Error('the process was not released');
});
parentPort.postMessage(proc.newProcess(bodies[workerData.body]));
