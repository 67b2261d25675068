// One program for both: cgo's types are those of one package.
package main

import (
	"fmt"
	"os"
)

func main() {
	programs := map[string]func(){"callbacks": callbacks, "server": serve}
	if len(os.Args) == 2 && programs[os.Args[1]] != nil {
		programs[os.Args[1]]()
		return
	}
	fmt.Fprintln(os.Stderr, "usage: go run . callbacks|server")
	os.Exit(2)
}
