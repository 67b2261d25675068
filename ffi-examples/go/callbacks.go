// callbacks: processes whose callbacks are Go functions. What one must know about that is in README.md.
//
//	go run . callbacks
package main

/*
#include <errno.h>
#include <procession.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"
)

func check(truth bool, what string, arguments ...any) {
	if !truth {
		fmt.Fprintf(os.Stderr, "callbacks: "+what+"\n", arguments...)
		os.Exit(1)
	}
}

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

// Goroutines that have not ended complete the promises that children of a nursery await. What waits takes no thread.
func pending(many int) {
	answer := make(chan struct{})
	body := func(nursery *C.proc_nursery, _ *C.proc_cancel) *C.proc_error {
		for i := 0; i < many; i++ {
			promise := C.proc_promise_new()
			if err := C.proc_spawn(nursery, C.proc_await(promise)); err != nil {
				C.proc_promise_unref(promise)
				return err
			}
			go func() {
				defer C.proc_promise_unref(promise)
				<-answer
				C.proc_promise_complete(promise, nil)
			}()
		}
		threads, _ := os.ReadDir("/proc/self/task")
		check(C.proc_nursery_count(nursery) == C.size_t(many), "some operations are not pending")
		check(len(threads) < many/10, "%d pending operations have %d threads", many, len(threads))
		fmt.Printf("%d pending operations, %d threads\n", many, len(threads))
		close(answer)
		return nil
	}
	err := C.proc_run(withNursery(nurseryFunctions{body, logFailure}, 0), nil)
	check(err == nil, "%s", message(err))
}

// A callback starts a program, from another goroutine: its thread blocks no signal that the program would inherit.
func startProgram() {
	var signals []byte
	start := func(*C.proc_cancel) *C.proc_error {
		started := make(chan error)
		go func() {
			var err error
			signals, err = exec.Command("grep", "SigBlk", "/proc/self/status").Output()
			started <- err
		}()
		if err := <-started; err != nil {
			return errorOf(err)
		}
		return nil
	}
	job := C.proc_start(process(start), nil, nil, nil) // which runs on a thread of the library
	err := C.proc_job_join(job)
	check(err == nil, "%s", message(err))
	check(strings.Trim(string(signals), "SigBlk:\t0\n") == "", "the program has blocked %s", signals)
}

func callbacks() {
	shop()
	pending(5000)
	meet(100, 101)
	startProgram()
	fmt.Println(atomic.LoadInt64(&releases), "releases")
	check(atomic.LoadInt64(&releases) == 4+1+100*101+1, "not all handles were released")
}
