# What probes.sh has gdb do: say at each probe what its arguments are, and go on.
set pagination off
set width 0

# The library is there when main begins, with its probes.
break main
run

break -probe-stap procession:task_begin
commands
silent
printf "task_begin: %d %s in %d\n", $_probe_arg0, (char *)$_probe_arg1, $_probe_arg2
continue
end

break -probe-stap procession:task_end
commands
silent
printf "task_end: %s, %s\n", (char *)$_probe_arg1, (char *)$_probe_arg2
continue
end

break -probe-stap procession:region_begin
commands
silent
printf "region_begin: %s in %d\n", (char *)$_probe_arg2, $_probe_arg0
continue
end

break -probe-stap procession:region_end
commands
silent
printf "region_end: %d\n", $_probe_arg0 != 0
continue
end

break -probe-stap procession:log
commands
silent
printf "log: %s: %s in %d\n", (char *)$_probe_arg1, (char *)$_probe_arg2, $_probe_arg0
continue
end

break -probe-stap procession:cancel
commands
silent
printf "cancel: %s\n", (char *)$_probe_arg1
continue
end

continue
