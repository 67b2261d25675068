/* Children that do nothing: what the fan-out itself costs. */
#include "workloads.h"

void trivial(int n, int repetitions) {
    proc_impl *group = group_of(n, nothing, NULL);
    repeat(run_again, group, n, repetitions);
    proc_unref(group);
}

static void build_and_run(void *n) { run(group_of(*(int *)n, nothing, NULL)); }

void once(int n, int repetitions) { repeat(build_and_run, &n, n, repetitions); }

/* A tree of n leaves, ten children a group; n is a power of ten. */
static proc_impl *tree_of(int n) {
    if (n == 1)
        return proc_new(nothing, NULL, NULL);
    proc_impl *children[10];
    for (int i = 0; i < 10; i++)
        children[i] = tree_of(n / 10);
    return proc_group(children, 10);
}

void tree(int n, int repetitions) {
    proc_impl *root = tree_of(n);
    repeat(run_again, root, n, repetitions);
    proc_unref(root);
}

static void build_and_release(void *n) { proc_unref(tree_of(*(int *)n)); }

void construct(int n, int repetitions) { repeat(build_and_release, &n, n, repetitions); }
