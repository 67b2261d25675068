/* See stepper.h. */
#include "stepper.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

enum { LONGEST = 15 };

static bool is_prefix(uint8_t byte) {
    return byte == 0x66 || byte == 0x67 || byte == 0xf2 || byte == 0xf3 || byte == 0x2e ||
           byte == 0x36 || byte == 0x3e || byte == 0x26 || byte == 0x64 || byte == 0x65;
}

/* An exchange with memory is locked without saying so. */
static bool is_locked(const uint8_t *code) {
    while (is_prefix(*code)) {
        code++;
    }
    if (*code == 0xf0) {
        return true;
    }
    if ((*code & 0xf0) == 0x40) {
        code++;
    }
    return (code[0] == 0x86 || code[0] == 0x87) && code[1] >> 6 != 3;
}

/* Fewer bytes than asked for come at the end of a mapping. */
static void read_code(pid_t child, uintptr_t address, uint8_t code[LONGEST + 1]) {
    memset(code, 0, LONGEST + 1);
    struct iovec local = {.iov_base = code, .iov_len = LONGEST};
    struct iovec remote = {.iov_base = (void *)address, .iov_len = LONGEST};
    if (process_vm_readv(child, &local, 1, &remote, 1, 0) < 0) {
        remote.iov_len = 4096 - address % 4096;
        (void)process_vm_readv(child, &local, 1, &remote, 1, 0);
    }
}

/* Until the child stops for SIGTRAP; other signals are passed on. */
static int next_trap(pid_t child, enum __ptrace_request how) {
    for (int pass = 0;;) {
        int status;
        if (ptrace(how, child, 0, pass) != 0 || waitpid(child, &status, 0) != child ||
            !WIFSTOPPED(status)) {
            return -1;
        }
        if (WSTOPSIG(status) == SIGTRAP) {
            return 0;
        }
        pass = WSTOPSIG(status);
    }
}

static void count(const uint8_t *code, const struct user_regs_struct *registers,
                  struct steps *steps) {
    steps->instructions++;
    steps->locked += is_locked(code);
    if (code[0] == 0x0f && code[1] == 0x05) {
        steps->system_calls++;
        steps->futex_calls += registers->rax == SYS_futex;
    }
}

int step_through(pid_t child, struct steps *steps) {
    *steps = (struct steps){0};
    if (next_trap(child, PTRACE_CONT) != 0) {
        return -1;
    }
    for (;;) {
        struct user_regs_struct registers;
        uint8_t code[LONGEST + 1];
        if (ptrace(PTRACE_GETREGS, child, 0, &registers) != 0) {
            return -1;
        }
        read_code(child, registers.rip, code);
        if (code[0] == 0xcc) {
            registers.rip++;
            return ptrace(PTRACE_SETREGS, child, 0, &registers) == 0 ? 0 : -1;
        }
        count(code, &registers, steps);
        if (next_trap(child, PTRACE_SINGLESTEP) != 0) {
            return -1;
        }
    }
}
