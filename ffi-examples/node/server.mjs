// server: connections that Node serves, as children of a nursery. What one must know about that is in README.md.
//
//     npm ci && node server.mjs
//
// It serves on a free port of 127.0.0.1, which it prints: try `nc 127.0.0.1 PORT`. For each number that a client sends, it gets
// twice that. On SIGINT or SIGTERM the server closes every connection and exits with 0.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { pipeline } from 'node:stream';
import * as proc from './procession.mjs';

const MOST = 16 + 1; // children at a time: connections, and the listener; further ones are told that the server is busy
const sockets = new Set();
let nursery;
let closed;
let served = 0;

// Spawns a child that awaits a promise, and returns the callback that completes it: `done(exception)`, or `done()`. Returns null
// if the nursery takes no child now. This thread must not wait: so not proc_spawn.
function spawn(name) {
    const promise = proc.proc_promise_new();
    const refused = proc.proc_try_spawn(nursery, proc.proc_task(name, proc.proc_await(promise)));
    if (refused) {
        proc.proc_error_unref(refused);
        proc.proc_promise_unref(promise);
        return null;
    }
    return exception => {
        proc.proc_promise_complete(promise, exception ? proc.errorOf(exception) : null);
        proc.proc_promise_unref(promise);
    };
}

// What is no number throws: the error of this connection.
async function* double(chunks) {
    let rest = '';
    for await (const chunk of chunks) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop();
        for (const line of lines) yield `${2 * numberOf(line)}\n`;
    }
}

function numberOf(line) {
    if (!/^-?\d+$/.test(line)) throw new Error(`not a number: ${line}`);
    return Number(line);
}

function accept(socket) {
    const done = spawn('connection');
    if (!done) {
        socket.on('error', () => {}).end('busy\n', () => socket.destroy());
        return;
    }
    served++;
    sockets.add(socket);
    pipeline(socket, double, socket, exception => {
        sockets.delete(socket);
        done(server.listening && exception); // That `stop` ends it is no failure.
    });
}

// The body. The nursery is open as long as it has a child, so the listener is one: it ends with the server.
function listen(opened) {
    nursery = proc.proc_nursery_ref(opened);
    const done = spawn('listener');
    if (!done) return; // The nursery is cancelled already.
    server.on('close', done);
    closed = once(server, 'close');
    server.listen(0, '127.0.0.1', () => {
        console.log(`server: 127.0.0.1:${server.address().port}`);
        proc.cancelled(proc.proc_nursery_cancel(nursery)).then(stop);
    });
}

// The nursery is cancelled. That ends what awaits the promises, but not what Node does.
function stop() {
    server.close();
    for (const socket of sockets) socket.destroy();
}

// A connection has failed, and the others go on.
function logFailure(error) {
    console.error(proc.proc_error_message(error));
    proc.proc_error_unref(error);
}

const server = createServer(accept);
const error = await proc.main(proc.proc_task('server', proc.newNursery(listen, MOST, logFailure)));
await closed;
proc.proc_nursery_unref(nursery);
console.log(`server: stopped after ${served} connections`);
process.exitCode = proc.proc_exit_status(error);
