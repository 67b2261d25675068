// The C API as koffi calls it, and processes that are JavaScript functions.
import { promisify } from 'node:util';
import koffi from 'koffi';

// More callbacks than this that wait for this thread at the same time crash the program. The default is 256.
koffi.config({ max_async_calls: 4096 });
const library = koffi.load('libprocession.so.0.1');

for (const type of ['proc_cancel', 'proc_error', 'proc_impl']) koffi.opaque(type);
koffi.proto('proc_error *proc_fn(proc_cancel *cancel, void *user_data)');
koffi.proto('void proc_destroy_fn(void *user_data)');

export const proc_new = library.func('proc_impl *proc_new(proc_fn *fn, void *user_data, proc_destroy_fn *destroy)');
export const proc_concurrent = library.func('proc_impl *proc_concurrent(proc_impl **impls, size_t count)');
export const proc_group = library.func('proc_impl *proc_group(proc_impl **impls, size_t count)');
export const proc_task = library.func('proc_impl *proc_task(const char *task_type, proc_impl *impl)');
export const proc_run = library.func('proc_error *proc_run(proc_impl *impl, proc_cancel *cancel)');

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

export const FOREVER = -1;

// What the library holds: only numbers, and what they stand for is kept here until it is released. The two callbacks
// are registered for as long as this JavaScript thread lives, and run on it, whoever calls them.
export const functions = new Map();
export let releases = 0;
let lastNumber = 0n;
const call = koffi.register(callFunction, 'proc_fn *');
const release = koffi.register(releaseFunction, 'proc_destroy_fn *');

// A process that is a function of this thread: it is given the cancel handle, and returns an error or null, or throws.
export function newProcess(body) {
    functions.set(++lastNumber, body);
    return proc_new(call, lastNumber, release);
}

// koffi returns NULL for an exception that leaves a callback: success.
function callFunction(cancel, number) {
    try {
        return functions.get(number)(cancel) ?? null;
    } catch (error) {
        return proc_error_new(error.errno ? Math.abs(error.errno) : -1, error.message ?? String(error));
    }
}

function releaseFunction(number) {
    functions.delete(number);
    releases++;
}

// Runs a process while this thread's loop goes on, which serves the callbacks. Resolves to the error, or null. It holds a
// thread of libuv's pool all the while.
export const run = promisify(proc_run.async);
