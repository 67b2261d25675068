module procession-callbacks

go 1.19
