package main

import (
	"context"
	"time"
)

// Each context dropped before the next is made.
func deadline(n, repetitions int) {
	repeat(func() {
		for i := 0; i < n; i++ {
			_, cancel := context.WithTimeout(context.Background(), time.Hour)
			cancel()
		}
	}, n, repetitions)
}

//go:noinline
func nothing(ctx context.Context) error { return nil }

func call(ctx context.Context) {
	if nothing(ctx) != nil {
		panic("it failed")
	}
}

// What a timeout around a trivial call takes more than the call.
func timeout(n, repetitions int) {
	limited := func() {
		for i := 0; i < n; i++ {
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			call(ctx)
			cancel()
		}
	}
	bare := func() {
		for i := 0; i < n; i++ {
			call(context.Background())
		}
	}
	const times = 20
	timed(limited, times)
	for i := 0; i < repetitions; i++ {
		both := timed(limited, times)
		printFigure((both - timed(bare, times)) / float64(times*n))
	}
}
