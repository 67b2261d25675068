package main

import (
	"context"
	"os"
	"runtime/trace"
	"time"
)

// What an event of the execution tracer costs, of the user's tasks, regions and logs. N is the number of pairs that are
// timed together: of beginning and end, or of two logs.

func pairs(n int, pair func(context.Context)) func() {
	ctx := context.Background()
	return func() {
		for i := 0; i < n; i++ {
			pair(ctx)
		}
	}
}

func region(ctx context.Context) { trace.StartRegion(ctx, "region").End() }

func log(ctx context.Context) {
	trace.Log(ctx, "category", "a message of some length")
	trace.Log(ctx, "category", "a message of some length")
}

func task(ctx context.Context) {
	_, task := trace.NewTask(ctx, "task")
	task.End()
}

// The trace is on while the code runs, and its file is gone afterwards.
func traced(n, repetitions int, pair func(context.Context)) {
	file, err := os.CreateTemp("", "go-bench-")
	if err != nil {
		panic(err)
	}
	defer os.Remove(file.Name())
	if err := trace.Start(file); err != nil {
		panic(err)
	}
	defer trace.Stop()
	run := pairs(n, pair)
	for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		run()
	}
	for i := 0; i < repetitions; i++ {
		time.Sleep(2 * time.Millisecond)
		printFigure(timed(run, 1) / float64(2*n))
	}
}

func regionOn(n, repetitions int) { traced(n, repetitions, region) }
func logOn(n, repetitions int)    { traced(n, repetitions, log) }
func taskOff(n, repetitions int)  { repeat(pairs(n, task), 2*n, repetitions) }
func taskOn(n, repetitions int)   { traced(n, repetitions, task) }
