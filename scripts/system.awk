# Finds what Linux, or a C library on it, has of its own, outside of the one place that names it (src/base/sys).
/^ *\/\// { next }
{
    line = $0
    while (match(line, names)) {
        printf "%s:%d: %s is named in src/base/sys only\n", FILENAME, FNR, substr(line, RSTART, RLENGTH)
        found = 1
        line = substr(line, RSTART + RLENGTH)
    }
}
BEGIN {
    names = "SYS_[a-z0-9_]+|FUTEX_[A-Z]+|PR_[SG]ET_[A-Z_]+|gettid|prctl|pipe2|accept4|dup3|getauxval|AT_SECURE|P_PIDFD|SOCK_(CLOEXEC|NONBLOCK)" \
        "|MSG_NOSIGNAL|MSG_CMSG_CLOEXEC|madvise|MADV_[A-Z]+|sched_[sg]et[a-z]+|SCHED_RESET_ON_FORK|__errno_location|p(read|write)v2|RWF_[A-Z]+" \
        "|dl_iterate_phdr|RTLD_NO[A-Z]+|CLOCK_[A-Z_]+|\"/proc|eventfd|epoll_[a-z0-9_]+|signalfd|timerfd_[a-z]+|inotify_[a-z0-9]+|O_PATH" \
        "|O_TMPFILE|SO_DOMAIN|SO_PEERCRED|os::linux|program_invocation[a-z_]*|memfd_create|getrandom"
}
END { exit found }
