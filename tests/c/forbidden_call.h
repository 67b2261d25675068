/* forbidden_call.h: a program to which a system call is forbidden, as a hardened service may have it: in a role (see ROLE in check.h), by a
 * seccomp filter, which what it executes has, too.
 */
#ifndef FORBIDDEN_CALL_H
#define FORBIDDEN_CALL_H

#include "child.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

/* From now on the call fails so. If the system forbids such filters, tells that, and who has started the role, too. */
static inline bool forbid_call(unsigned number, unsigned error) {
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    bool is_forbidden = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
    if (!is_forbidden)
        child_tell('n');
    return is_forbidden;
}

/* Plays a role that forbids itself a call first. */
static inline void play_forbidden(const char *role) {
    child c = child_start(role);
    if (child_event(&c) == 'n')
        printf("%s: not tried, since this system forbids seccomp filters\n", role);
    child_passes(&c);
}

#endif
