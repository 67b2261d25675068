// The benchmark of errgroup and of runtime/trace: PROGRAM WORKLOAD N REPETITIONS prints one number a line, nanoseconds a
// child unless the workload says otherwise.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

var workloads = map[string]func(n, repetitions int){
	"trivial": trivial, "rendezvous": rendezvous, "memory": memory, "channel": channel,
	"deadline": deadline, "timeout": timeout,
	"region-on": regionOn, "log-on": logOn, "task-off": taskOff, "task-on": taskOn,
}

func timed(run func(), times int) float64 {
	start := time.Now()
	for i := 0; i < times; i++ {
		run()
	}
	return float64(time.Since(start).Nanoseconds())
}

// A repetition is a batch that takes a millisecond; finding its size is the warm-up. Two batches in a row
// must take that long: one may have been interrupted.
func repeat(run func(), children, repetitions int) {
	const longEnough = 1e6
	batch := 1
	for timed(run, batch) < longEnough || timed(run, batch) < longEnough {
		batch *= 2
	}
	for i := 0; i < repetitions; i++ {
		printFigure(timed(run, batch) / float64(batch*children))
	}
}

func printFigure(figure float64) { fmt.Printf("%.3f\n", figure) }

// With a context, so that a failure cancels the others, as in a proc_group.
func runGroup(n int, child func() error) {
	group, _ := errgroup.WithContext(context.Background())
	for i := 0; i < n; i++ {
		group.Go(child)
	}
	if err := group.Wait(); err != nil {
		panic(err)
	}
}

func trivial(n, repetitions int) {
	nothing := func() error { return nil }
	repeat(func() { runGroup(n, nothing) }, n, repetitions)
}

func meetAll(n int) {
	var present sync.WaitGroup
	present.Add(n)
	runGroup(n, func() error {
		present.Done()
		present.Wait()
		return nil
	})
}

func rendezvous(n, repetitions int) {
	meetAll(n)
	for i := 0; i < repetitions; i++ {
		time.Sleep(2 * time.Millisecond)
		printFigure(timed(func() { meetAll(n) }, 1) / float64(n))
	}
}

// A buffered channel between two goroutines, n items in a run.
func channel(n, repetitions int) {
	items := make(chan int, 128)
	repeat(func() {
		go func() {
			for i := 0; i < n; i++ {
				items <- i
			}
		}()
		for i := 0; i < n; i++ {
			if <-items != i {
				panic("out of order")
			}
		}
	}, n, repetitions)
}

// Bytes a waiting child.
func memory(n, _ int) {
	before := residentBytes()
	end := make(chan struct{})
	var started sync.WaitGroup
	started.Add(n)
	group, _ := errgroup.WithContext(context.Background())
	for i := 0; i < n; i++ {
		group.Go(func() error {
			started.Done()
			<-end
			return nil
		})
	}
	started.Wait()
	time.Sleep(100 * time.Millisecond)
	printFigure((residentBytes() - before) / float64(n))
	close(end)
}

func residentBytes() float64 {
	text, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(77)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "Rss:" {
			kilobytes, _ := strconv.ParseFloat(fields[1], 64)
			return kilobytes * 1024
		}
	}
	panic("no Rss in /proc/self/smaps_rollup")
}

func version() string {
	text := runtime.Version()
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			text += ", " + module.Path + " " + module.Version
		}
	}
	return text
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println(version())
		return
	}
	if len(os.Args) == 4 && workloads[os.Args[1]] != nil {
		n, _ := strconv.Atoi(os.Args[2])
		repetitions, _ := strconv.Atoi(os.Args[3])
		workloads[os.Args[1]](n, repetitions)
		return
	}
	fmt.Fprintln(os.Stderr, "unknown workload, or not WORKLOAD N REPETITIONS")
	os.Exit(2)
}
