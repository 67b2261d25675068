// The C API as koffi calls it, and processes that are JavaScript functions.
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import koffi from 'koffi';

// More callbacks than this that wait for this thread at the same time crash the program. The default is 256.
koffi.config({ max_async_calls: 4096 });
const library = koffi.load('libprocession.so.0.2');

const types = ['proc_cancel', 'proc_error', 'proc_impl', 'proc_nursery', 'proc_promise', 'proc_queue'];
for (const type of types) koffi.opaque(type);
koffi.proto('proc_error *proc_fn(proc_cancel *cancel, void *user_data)');
koffi.proto('void proc_destroy_fn(void *user_data)');
koffi.proto('proc_error *proc_nursery_fn(proc_nursery *nursery, proc_cancel *cancel, void *user_data)');
koffi.proto('proc_error *proc_failure_fn(proc_error *error, void *user_data)');
koffi.struct('proc_nursery_options', {
    size: 'size_t', limit: 'size_t', on_failure: 'proc_failure_fn *', user_data: 'void *',
});

export const proc_new = library.func('proc_impl *proc_new(proc_fn *fn, void *user_data, proc_destroy_fn *destroy)');
export const proc_concurrent = library.func('proc_impl *proc_concurrent(proc_impl **impls, size_t count)');
export const proc_group = library.func('proc_impl *proc_group(proc_impl **impls, size_t count)');
export const proc_task = library.func('proc_impl *proc_task(const char *task_type, proc_impl *impl)');
export const proc_run = library.func('proc_error *proc_run(proc_impl *impl, proc_cancel *cancel)');
export const proc_main = library.func('proc_error *proc_main(proc_impl *impl)');
export const proc_exit_status = library.func('int proc_exit_status(proc_error *error)');

export const proc_with_nursery = library.func('proc_impl *proc_with_nursery(proc_nursery_fn *body, void *user_data, ' +
    'proc_destroy_fn *destroy, const proc_nursery_options *options)');
export const proc_try_spawn = library.func('proc_error *proc_try_spawn(proc_nursery *nursery, proc_impl *impl)');
export const proc_nursery_cancel = library.func('proc_cancel *proc_nursery_cancel(const proc_nursery *nursery)');
export const proc_nursery_ref = library.func('proc_nursery *proc_nursery_ref(proc_nursery *nursery)');
export const proc_nursery_unref = library.func('void proc_nursery_unref(proc_nursery *nursery)');

export const proc_promise_new = library.func('proc_promise *proc_promise_new()');
export const proc_promise_unref = library.func('void proc_promise_unref(proc_promise *promise)');
export const proc_promise_complete = library.func('bool proc_promise_complete(proc_promise *promise, proc_error *error)');
export const proc_await = library.func('proc_impl *proc_await(proc_promise *promise)');

export const proc_queue_new = library.func('proc_queue *proc_queue_new()');
export const proc_queue_unref = library.func('void proc_queue_unref(proc_queue *queue)');
export const proc_queue_fd = library.func('int proc_queue_fd(proc_queue *queue)');
export const proc_queue_run = library.func('size_t proc_queue_run(proc_queue *queue, proc_cancel *cancel, int64_t timeout_ns)');
export const proc_on_queue = library.func('proc_impl *proc_on_queue(proc_queue *queue, proc_impl *impl)');

export const proc_error_new = library.func('proc_error *proc_error_new(int code, const char *message)');
export const proc_error_unref = library.func('void proc_error_unref(proc_error *error)');
export const proc_error_code = library.func('int proc_error_code(const proc_error *error)');
export const proc_error_message = library.func('const char *proc_error_message(const proc_error *error)');
export const proc_error_task_type = library.func('const char *proc_error_task_type(const proc_error *error)');
export const proc_error_cause = library.func('const proc_error *proc_error_cause(const proc_error *error)');
export const proc_error_count = library.func('size_t proc_error_count(const proc_error *error)');
export const proc_error_at = library.func('const proc_error *proc_error_at(const proc_error *error, size_t index)');
export const proc_error_find_task = library.func(
    'const proc_error *proc_error_find_task(const proc_error *error, const char *task_type)');

export const proc_wait = library.func('bool proc_wait(proc_cancel *cancel, int64_t timeout_ns)');
export const proc_cancel_error = library.func('proc_error *proc_cancel_error(const proc_cancel *cancel)');
export const proc_cancel_cause = library.func('const proc_error *proc_cancel_cause(const proc_cancel *cancel)');

const proc_cancel_fd = library.func('int proc_cancel_fd(proc_cancel *cancel)');
const dup = library.func('int dup(int fd)'); // of the C library, on which it stands

export const FOREVER = -1;

// What the library holds: only numbers, and what they stand for is kept here until it is released. The callbacks
// are registered for as long as this JavaScript thread lives, and run on it, whoever calls them.
export const functions = new Map();
export let releases = 0;
let lastNumber = 0n;
const call = koffi.register(
    (cancel, number) => resultOf(() => functions.get(number)(cancel)), 'proc_fn *');
const callBody = koffi.register(
    (nursery, cancel, number) => resultOf(() => functions.get(number).body(nursery, cancel)), 'proc_nursery_fn *');
const callFailure = koffi.register(
    (error, number) => resultOf(() => functions.get(number).onFailure(error)), 'proc_failure_fn *');
const release = koffi.register(releaseFunction, 'proc_destroy_fn *');

// A process that is a function of this thread: it is given the cancel handle, and returns an error or null, or throws.
export function newProcess(body) {
    return proc_new(call, keep(body), release);
}

// A nursery whose body is a function of this thread: it is given the nursery and the cancel handle. `onFailure` is given
// each child's error, which is then its own.
export function newNursery(body, limit, onFailure) {
    const number = keep({ body, onFailure });
    const size = koffi.sizeof('proc_nursery_options');
    return proc_with_nursery(callBody, number, release, { size, limit, on_failure: callFailure, user_data: number });
}

// The process that waits for a promise of JavaScript's. It takes no thread among others, and what the promise is rejected with is its error.
export function awaited(promise) {
    const pending = proc_promise_new();
    const complete = error => {
        proc_promise_complete(pending, error);
        proc_promise_unref(pending);
    };
    promise.then(() => complete(null), exception => complete(errorOf(exception)));
    return proc_await(pending);
}

// What is to run on this thread, which runs it in its loop, when it comes to it; no thread of the library waits meanwhile.
export class Queue {
    #queue = proc_queue_new();
    #socket;

    // Node watches by reading, and closes what it has read: so it gets a descriptor of its own for the same pipe.
    constructor() {
        this.#socket = new Socket({ fd: openSync(`/proc/self/fd/${proc_queue_fd(this.#queue)}`, 'r'), writable: false });
        this.#socket.on('data', () => proc_queue_run(this.#queue, null, 0)).unref();
    }

    process(body) {
        return proc_on_queue(this.#queue, newProcess(body));
    }

    close() {
        this.#socket.destroy();
        proc_queue_unref(this.#queue);
    }
}

// Resolves when the handle is cancelled, or at the latest when it is gone. Who cancels does not wait for this thread, as it would with
// proc_on_cancel. Node watches by reading, which comes to an end then, and closes what it has read: so it gets a duplicate.
export function cancelled(cancel) {
    return once(new Socket({ fd: dup(proc_cancel_fd(cancel)), writable: false }).resume(), 'close');
}

// The error that stands for an exception. It is to be returned, or handed over otherwise.
export function errorOf(exception) {
    return proc_error_new(exception.errno ? Math.abs(exception.errno) : -1, exception.message ?? String(exception));
}

// What a callback returns. koffi would return NULL for an exception that leaves it: success.
function resultOf(body) {
    try {
        return body() ?? null;
    } catch (exception) {
        return errorOf(exception);
    }
}

function keep(what) {
    functions.set(++lastNumber, what);
    return lastNumber;
}

function releaseFunction(number) {
    functions.delete(number);
    releases++;
}

// These run a process while this thread's loop goes on, which serves the callbacks. They resolve to the error, or null. Each
// holds a thread of libuv's pool all the while.
export const run = promisify(proc_run.async);
export const main = promisify(proc_main.async);
