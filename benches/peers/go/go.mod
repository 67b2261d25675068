module procession-bench

go 1.18

require golang.org/x/sync v0.10.0
