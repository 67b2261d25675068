// server: connections that goroutines serve, as children of a nursery. What one must know about that is in README.md.
//
//	go run . server
//
// It serves on a free port of 127.0.0.1, which it prints: try `nc 127.0.0.1 PORT`. For each number that a client sends, it gets
// twice that. On SIGINT or SIGTERM the server closes every connection and exits with 0.
package main

/*
#include <procession.h>
*/
import "C"

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
)

const most = 16 // connections at a time; further ones wait in the kernel

// What is no number is the error of this connection.
func double(conn net.Conn) error {
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		number, err := strconv.Atoi(lines.Text())
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(conn, 2*number); err != nil {
			return err
		}
	}
	return lines.Err()
}

// Closes what a goroutine waits for when the context is cancelled. The function that it returns closes it at any rate.
func closeWith(ctx context.Context, closer interface{ Close() error }) func() {
	ctx, end := context.WithCancel(ctx)
	go func() {
		<-ctx.Done()
		closer.Close()
	}()
	return end
}

type server struct {
	listener net.Listener
	served   int
	running  sync.WaitGroup
}

// The body.
func (s *server) accept(nursery *C.proc_nursery, cancel *C.proc_cancel) *C.proc_error {
	ctx, giveUp := contextOf(cancel)
	defer giveUp()
	defer closeWith(ctx, s.listener)()
	for {
		conn, err := s.listener.Accept()
		if ctx.Err() != nil && err != nil {
			return C.proc_cancel_error(cancel)
		}
		if err != nil {
			return errorOf(err)
		}
		if err := s.spawn(ctx, nursery, conn); err != nil {
			return err
		}
	}
}

// A goroutine serves the connection, and completes the promise that a child of the nursery awaits. It waits here while there
// are as many children as may be.
func (s *server) spawn(ctx context.Context, nursery *C.proc_nursery, conn net.Conn) *C.proc_error {
	promise := C.proc_promise_new()
	if err := C.proc_spawn(nursery, task("connection", C.proc_await(promise))); err != nil {
		C.proc_promise_unref(promise)
		conn.Close()
		return err
	}
	s.served++
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer C.proc_promise_unref(promise)
		err := s.serve(ctx, conn)
		C.proc_promise_complete(promise, errorOf(err))
	}()
	return nil
}

// That the context's end closes the connection is no failure of it.
func (s *server) serve(ctx context.Context, conn net.Conn) error {
	defer closeWith(ctx, conn)()
	err := double(conn)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// A connection has failed, and the others go on. It runs on the thread where the child ended.
func logFailure(err *C.proc_error) *C.proc_error {
	fmt.Fprintln(os.Stderr, message(err))
	C.proc_error_unref(err)
	return nil
}

func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("server:", listener.Addr())
	s := server{listener: listener}
	end := C.proc_main(task("server", withNursery(nurseryFunctions{s.accept, logFailure}, most)))
	s.running.Wait() // The nursery has only waited for those that could still be awaited.
	fmt.Printf("server: stopped after %d connections\n", s.served)
	os.Exit(int(C.proc_exit_status(end)))
}
