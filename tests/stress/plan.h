/* plan.h: a random tree as data: what each leaf does, and, once it has run, what became of it.
 *
 * No leaf is in it twice, and it runs once at a time, so each leaf knows what happened to it. What runs several times at
 * once is in shared.h.
 */
#ifndef PLAN_H
#define PLAN_H

#include "meeting.h"

enum { PLAN_NODES = 160, PLAN_LEVELS = 3 };

typedef enum kind { LEAF, TASK, REGION, SEQUENCE, CONCURRENT, GROUP } kind;

/* What a leaf does, and then what it returns. */
typedef enum deed {
    NOTHING,
    WORK,    /* takes some microseconds of a processor */
    LOOK,    /* looks at its handle for some microseconds */
    PAUSE,   /* waits some microseconds for its cancellation */
    WAIT,    /* waits for its cancellation */
    MEET,    /* waits for its siblings that meet, or its cancellation */
    TRIGGER, /* cancels its own handle */
    STRIKE,  /* cancels somebody's handle */
    KEEP,    /* leaves its handle to others */
    NEST,    /* runs another plan */
    SHARE    /* runs processes that others run too */
} deed;

typedef enum ending {
    SUCCESS,
    FAILURE,
    PASS_ON /* the error of what it ran, else its cancellation's cause; NULL if there is none */
} ending;

typedef struct plan plan;

typedef struct node {
    kind kind;
    struct node *first;
    struct node *last;
    struct node *next;
    meeting meeting; /* of the leaves that are its children, or in tasks that are */

    deed deed;
    ending ending;
    size_t number; /* of microseconds, an entry, … */
    meeting *meets;
    plan *nested;

    atomic_int started;
    atomic_int ended;
    atomic_int destroyed;
    proc_error *returned; /* a reference */
} node;

struct plan {
    node nodes[PLAN_NODES];
    size_t count;
    size_t leaves;
    node *root;
    size_t level;  /* 0, or one more than that of the plan in which a leaf runs this one */
    size_t unruly; /* percent of the leaves that fail or cancel */
    bool
        waits; /* a leaf in it, or in a plan that one runs, waits for ever if it is not cancelled */
};

static inline plan *plan_new(rng *r, size_t level);

static inline node *plan_add(plan *p, kind kind) {
    node *made = &p->nodes[p->count++];
    made->kind = kind;
    return made;
}

static inline void node_append(node *parent, node *child) {
    *(parent->last ? &parent->last->next : &parent->first) = child;
    parent->last = child;
}

static inline deed random_deed(plan *p, rng *r) {
    static const deed common[] = {NOTHING, NOTHING, NOTHING, NOTHING, WORK,  WORK, LOOK,
                                  PAUSE,   WAIT,    KEEP,    NEST,    SHARE, SHARE};
    if (rng_percent(r, p->unruly))
        return rng_percent(r, 50) ? TRIGGER : STRIKE;
    deed found = common[rng_below(r, sizeof common / sizeof *common)];
    return found == NEST && p->level + 1 == PLAN_LEVELS ? NOTHING : found;
}

static inline node *make_leaf(plan *p, rng *r, meeting *meets) {
    node *leaf = plan_add(p, LEAF);
    p->leaves++;
    leaf->meets = meets;
    leaf->deed = meets ? MEET : random_deed(p, r);
    leaf->ending = rng_percent(r, p->unruly) ? FAILURE : rng_percent(r, 30) ? PASS_ON : SUCCESS;
    leaf->number = rng_below(r, 100);
    p->waits |= leaf->deed == WAIT || leaf->deed == MEET;
    if (leaf->deed == NEST) {
        leaf->nested = plan_new(r, p->level + 1);
        p->waits |= leaf->nested->waits;
    }
    return leaf;
}

/* Of so many nodes at most. If it is to show whether it was started, then there is a leaf in it that is started with it. */
static inline node *make_tree(plan *p, rng *r, size_t budget, bool shows);

static inline size_t random_width(rng *r) {
    return rng_percent(r, 80)   ? rng_between(r, 1, 6)
           : rng_percent(r, 80) ? rng_between(r, 7, 40)
                                : rng_below(r, 2);
}

static inline void make_children(plan *p, rng *r, node *parent, size_t budget, bool shows) {
    size_t width = random_width(r);
    width = width > budget ? budget : width == 0 && shows ? 1 : width;
    for (size_t i = 0; i < width; i++) {
        bool child_shows = parent->kind != SEQUENCE || (shows && i == 0);
        node_append(parent, make_tree(p, r, budget / width, child_shows));
    }
}

/* A fan-out whose children all wait for each other, some of them inside of a task. */
static inline void make_meeting(plan *p, rng *r, node *parent, size_t budget) {
    size_t width = random_width(r);
    width = width > budget / 2 ? budget / 2 : width == 0 ? 1 : width;
    meeting_init(&parent->meeting, width);
    for (size_t i = 0; i < width; i++) {
        node *task = rng_percent(r, 25) ? plan_add(p, TASK) : NULL;
        node *leaf = make_leaf(p, r, &parent->meeting);
        if (task)
            node_append(task, leaf);
        node_append(parent, task ? task : leaf);
    }
}

static inline node *make_tree(plan *p, rng *r, size_t budget, bool shows) {
    static const kind kinds[] = {TASK, REGION, SEQUENCE, CONCURRENT, CONCURRENT, GROUP, GROUP};
    if (budget < 4 || rng_percent(r, budget < 20 ? 30 : 2))
        return make_leaf(p, r, NULL);
    node *made = plan_add(p, kinds[rng_below(r, sizeof kinds / sizeof *kinds)]);
    if (made->kind == TASK || made->kind == REGION)
        node_append(made, make_tree(p, r, budget - 1, shows));
    else if (made->kind != SEQUENCE && rng_percent(r, 30))
        make_meeting(p, r, made, budget - 1);
    else
        make_children(p, r, made, budget - 1, shows);
    return made;
}

static inline plan *plan_new(rng *r, size_t level) {
    static const size_t unruly[] = {0, 0, 3, 30};
    plan *made = calloc(1, sizeof *made);
    made->level = level;
    made->unruly = unruly[rng_below(r, 4)];
    size_t budget = rng_between(r, 1, level == 0 ? PLAN_NODES : PLAN_NODES / 4);
    made->root = make_tree(made, r, budget, false);
    return made;
}

/* As if it had never run. */
static inline void plan_reset(plan *p) {
    for (node *n = p->nodes; n < p->nodes + p->count; n++) {
        proc_error_unref(n->returned);
        meeting_reset(&n->meeting);
        n->started = n->ended = 0;
        n->returned = NULL;
    }
}

static inline void plan_free(plan *p) {
    plan_reset(p);
    for (node *n = p->nodes; n < p->nodes + p->count; n++)
        if (n->nested)
            plan_free(n->nested);
    free(p);
}

#endif
