// procession: the C API as cgo calls it, and processes that are Go functions. What one must know about that is in README.md.
package main

/*
#cgo pkg-config: procession
#include <procession.h>
#include <stdlib.h>

// Defined in Go, below.
proc_error *call(proc_cancel *cancel, uintptr_t handle);
proc_error *callBody(proc_nursery *nursery, proc_cancel *cancel, uintptr_t handle);
proc_error *callFailure(proc_error *error, uintptr_t handle);
void callHook(uintptr_t handle);
void release(uintptr_t handle);

// Go must not hold a pointer that is none, so a handle becomes a void * only here.
// `static`, since cgo compiles this twice.
static inline proc_error *call_handle(proc_cancel *cancel, void *handle) { return call(cancel, (uintptr_t)handle); }
static inline proc_error *call_body(proc_nursery *nursery, proc_cancel *cancel, void *handle) {
	return callBody(nursery, cancel, (uintptr_t)handle);
}
static inline proc_error *call_failure(proc_error *error, void *handle) { return callFailure(error, (uintptr_t)handle); }
static inline void call_hook(void *handle) { callHook((uintptr_t)handle); }
static inline void release_handle(void *handle) { release((uintptr_t)handle); }

static inline proc_impl *new_process(uintptr_t handle) { return proc_new(call_handle, (void *)handle, release_handle); }
static inline proc_impl *new_nursery(uintptr_t handle, size_t limit) {
	proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
	options.limit = limit;
	options.on_failure = call_failure;
	options.user_data = (void *)handle;
	return proc_with_nursery(call_body, (void *)handle, release_handle, &options);
}
static inline proc_hook *on_cancel(proc_cancel *cancel, uintptr_t handle) {
	return proc_on_cancel(cancel, call_hook, (void *)handle);
}
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime/cgo"
	"sync/atomic"
	"syscall"
	"unsafe"
)

type function = func(cancel *C.proc_cancel) *C.proc_error

// What a nursery calls: its body, and what a child's error passes through.
type nurseryFunctions struct {
	body      func(nursery *C.proc_nursery, cancel *C.proc_cancel) *C.proc_error
	onFailure func(err *C.proc_error) *C.proc_error
}

var releases int64

// A process that is a Go function. The handle keeps the function alive until it is released.
func process(f function) *C.proc_impl {
	return C.new_process(C.uintptr_t(cgo.NewHandle(f)))
}

// A nursery of Go functions, with so many children at a time.
func withNursery(functions nurseryFunctions, limit int) *C.proc_impl {
	return C.new_nursery(C.uintptr_t(cgo.NewHandle(functions)), C.size_t(limit))
}

//export call
func call(cancel *C.proc_cancel, handle C.uintptr_t) (result *C.proc_error) {
	defer recoverInto(&result)
	return cgo.Handle(handle).Value().(function)(cancel)
}

//export callBody
func callBody(nursery *C.proc_nursery, cancel *C.proc_cancel, handle C.uintptr_t) (result *C.proc_error) {
	defer recoverInto(&result)
	return cgo.Handle(handle).Value().(nurseryFunctions).body(nursery, cancel)
}

//export callFailure
func callFailure(err *C.proc_error, handle C.uintptr_t) (result *C.proc_error) {
	defer recoverInto(&result)
	return cgo.Handle(handle).Value().(nurseryFunctions).onFailure(err)
}

//export callHook
func callHook(handle C.uintptr_t) {
	cgo.Handle(handle).Value().(context.CancelFunc)()
}

// A panic must not leave a callback: it would end the program.
func recoverInto(result **C.proc_error) {
	if problem := recover(); problem != nil {
		*result = errorOf(fmt.Errorf("panic: %v", problem))
	}
}

//export release
func release(handle C.uintptr_t) {
	cgo.Handle(handle).Delete()
	atomic.AddInt64(&releases, 1)
}

// A context that is cancelled with the handle, and what gives it up again.
func contextOf(cancel *C.proc_cancel) (context.Context, func()) {
	ctx, stop := context.WithCancel(context.Background())
	handle := cgo.NewHandle(stop)
	hook := C.on_cancel(cancel, C.uintptr_t(handle))
	return ctx, func() {
		C.proc_hook_remove(hook)
		handle.Delete()
		stop()
	}
}

// The error that a callback returns for an error of Go.
func errorOf(err error) *C.proc_error {
	if err == nil {
		return nil
	}
	message := C.CString(err.Error())
	defer C.free(unsafe.Pointer(message))
	code := syscall.Errno(0) // which becomes -1
	errors.As(err, &code)
	return C.proc_error_new(C.int(code), message)
}

func task(name string, impl *C.proc_impl) *C.proc_impl {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	return C.proc_task(text, impl)
}

func message(err *C.proc_error) string { return C.GoString(C.proc_error_message(err)) }
