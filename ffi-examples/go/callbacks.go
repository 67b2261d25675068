// callbacks: processes whose callbacks are Go functions. What one must know about that is in README.md.
//
//	go run .
package main

/*
#cgo pkg-config: procession
#include <errno.h>
#include <procession.h>
#include <stdlib.h>

// Defined in Go, below.
proc_error *call(proc_cancel *cancel, uintptr_t handle);
void release(uintptr_t handle);

// Go must not hold a pointer that is none, so a handle becomes a void * only here.
// `static`, since cgo compiles this twice.
static inline proc_error *call_handle(proc_cancel *cancel, void *handle) { return call(cancel, (uintptr_t)handle); }
static inline void release_handle(void *handle) { release((uintptr_t)handle); }
static inline proc_impl *new_process(uintptr_t handle) { return proc_new(call_handle, (void *)handle, release_handle); }
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/cgo"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"
)

type function = func(cancel *C.proc_cancel) *C.proc_error

var releases int64

// A process that is a Go function. The handle keeps the function alive until it is released.
func process(f function) *C.proc_impl {
	return C.new_process(C.uintptr_t(cgo.NewHandle(f)))
}

//export call
func call(cancel *C.proc_cancel, handle C.uintptr_t) (result *C.proc_error) {
	defer func() { // A panic must not leave a callback: it would end the program.
		if problem := recover(); problem != nil {
			result = errorOf(fmt.Errorf("panic: %v", problem))
		}
	}()
	return cgo.Handle(handle).Value().(function)(cancel)
}

//export release
func release(handle C.uintptr_t) {
	cgo.Handle(handle).Delete()
	atomic.AddInt64(&releases, 1)
}

// The error that a callback returns for an error of Go.
func errorOf(err error) *C.proc_error {
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

func check(truth bool, what string, arguments ...any) {
	if !truth {
		fmt.Fprintf(os.Stderr, "callbacks: "+what+"\n", arguments...)
		os.Exit(1)
	}
}

func message(err *C.proc_error) string { return C.GoString(C.proc_error_message(err)) }

func printTree(err *C.proc_error, depth int) {
	indent := strings.Repeat("  ", depth)
	if count := C.proc_error_count(err); C.proc_error_task_type(err) != nil {
		fmt.Printf("%stask %s\n", indent, C.GoString(C.proc_error_task_type(err)))
		printTree(C.proc_error_cause(err), depth+1)
	} else if count > 1 {
		fmt.Printf("%s%d errors\n", indent, count)
		for i := C.size_t(0); i < count; i++ {
			printTree(C.proc_error_at(err, i), depth+1)
		}
	} else {
		fmt.Printf("%scode %d: %s\n", indent, C.proc_error_code(err), message(err))
	}
}

// One of four fails; the others wait, see that, and stop. One of them fails to.
func shop() {
	var allWait sync.WaitGroup
	allWait.Add(3)
	causes := make(chan C.int, 3)
	wait := func(cancel *C.proc_cancel) *C.proc_error {
		allWait.Done()
		C.proc_wait(cancel, C.PROC_FOREVER)
		causes <- C.proc_error_code(C.proc_cancel_cause(cancel))
		return C.proc_cancel_error(cancel)
	}
	writeLog := func(cancel *C.proc_cancel) *C.proc_error {
		C.proc_error_unref(wait(cancel))
		return errorOf(fmt.Errorf("the log is cut short: %w", syscall.ENOSPC))
	}
	useDisk := func(*C.proc_cancel) *C.proc_error {
		allWait.Wait()
		return errorOf(fmt.Errorf("the disk is on fire: %w", syscall.EIO))
	}
	children := []*C.proc_impl{
		task("web", process(wait)), task("mail", process(wait)),
		task("log", process(writeLog)), task("disk", process(useDisk)),
	}
	err := C.proc_run(task("shop", C.proc_group(&children[0], C.size_t(len(children)))), nil)
	printTree(err, 0)
	for i := 0; i < 3; i++ {
		check(<-causes == C.EIO, "a cancellation has another cause than the disk")
	}
	checkTree(err)
	C.proc_error_unref(err)
}

func checkTree(err *C.proc_error) {
	check(C.GoString(C.proc_error_task_type(err)) == "shop", "the outermost task is not the shop")
	errors := C.proc_error_cause(err)
	var messages []string
	for i := C.size_t(0); i < C.proc_error_count(errors); i++ {
		messages = append(messages, message(C.proc_error_at(errors, i)))
	}
	expected := []string{
		"disk: the disk is on fire: input/output error",
		"log: the log is cut short: no space left on device",
	}
	check(reflect.DeepEqual(messages, expected), "the errors are %q", messages)
	check(C.proc_error_code(findTask(err, "log")) == C.ENOSPC, "the log's error is not found")
	check(findTask(err, "web") == nil, "who stopped as asked is listed")
}

func findTask(err *C.proc_error, name string) *C.proc_error {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	return C.proc_error_find_task(err, text)
}

// Children that wait for each other, so that each needs a thread: one has the caller's, the others the library's.
func meet(rounds, children int) {
	runtime.LockOSThread() // so that the caller's thread is the same in each round
	defer runtime.UnlockOSThread()
	var lock sync.Mutex
	callbacks := map[int]int{} // of each thread
	var allMeet sync.WaitGroup
	child := func(*C.proc_cancel) *C.proc_error {
		allMeet.Done()
		allMeet.Wait()
		lock.Lock()
		defer lock.Unlock()
		callbacks[syscall.Gettid()]++
		return nil
	}
	for i := 0; i < rounds; i++ {
		allMeet.Add(children)
		impls := make([]*C.proc_impl, children)
		for i := range impls {
			impls[i] = process(child)
		}
		runtime.GC() // What is not kept alive would go now.
		err := C.proc_run(C.proc_concurrent(&impls[0], C.size_t(children)), nil)
		check(err == nil, "%s", message(err))
	}
	onCaller := callbacks[syscall.Gettid()]
	delete(callbacks, syscall.Gettid())
	onLibraryThreads := 0
	for _, count := range callbacks {
		onLibraryThreads += count
	}
	fmt.Printf("%d callbacks on %d threads of the library\n", onLibraryThreads, len(callbacks))
	check(onCaller+onLibraryThreads == rounds*children, "there were %d callbacks", onCaller+onLibraryThreads)
	check(onLibraryThreads >= rounds*(children-1), "the library's threads had too few of them")
}

func main() {
	shop()
	meet(100, 101)
	fmt.Println(atomic.LoadInt64(&releases), "releases")
	check(atomic.LoadInt64(&releases) == 4+100*101, "not all handles were released")
}
