/* When the program is up whose services are supervised. The service manager is the test. Laws:
 *
 *   again    A service that fails before it is up is expected again; when it is up, the program is.
 *   several  One that was up and has failed is expected again, too, until the program is up.
 *   nested   So are all services of what runs again, also if there is a supervisor inside of it that has given up.
 */
#include "manager.h"
#include "supervised.h"

/* What a service does in each of its runs: R: says that it is up; n: nobody has heard that the program is; u: hears it;
 * o: opens a gate; w: waits for the other one. A run ends with f, which fails, with a full stop, or with the last one. */
typedef struct script {
    manager *m;
    const char *acts;
    gate *opens, *waits;
} script;

static proc_error *act(proc_cancel *cancel, void *user_data) {
    script *s = user_data;
    while (*s->acts) {
        switch (*s->acts++) {
        case 'R':
            proc_ready(cancel);
            break;
        case 'n':
            manager_hears_nothing(s->m);
            break;
        case 'u':
            CHECK_HAS(manager_hears(s->m), "READY=1\n");
            break;
        case 'o':
            gate_open(s->opens);
            break;
        case 'w':
            GATE_WAIT(s->waits);
            break;
        case '.':
            return NULL;
        default:
            return proc_error_new(EIO, "fails");
        }
    }
    return NULL;
}

static proc_impl *acting(script *s) { return proc_service("service", proc_new(act, s, NULL)); }

static void check_ready(manager *m, proc_impl *impl) {
    CHECK_OK(manager_main(impl, 0));
    CHECK_HAS(manager_hears(m), "STOPPING=1\n");
    manager_hears_nothing(m);
}

static void again(void) {
    manager m;
    proc_supervise_options options = at_most(10);
    manager_listen(&m, true);
    /* It fails twice before it is up, and once after that, when nothing is told any more. */
    script s = {.m = &m, .acts = "nfnfRufRRn"};
    check_ready(&m, proc_supervise(&options, acting(&s)));
    /* One that is expected later is expected from the start. */
    script first = {.m = &m, .acts = "Rn"}, then = {.m = &m, .acts = "fnRu"};
    check_ready(&m, PROC_SEQUENCE(acting(&first), proc_supervise(&options, acting(&then))));
    /* One that succeeds is up. */
    script loads = {.m = &m, .acts = "f"}, last = {.m = &m, .acts = "u"};
    check_ready(
        &m, PROC_SEQUENCE(proc_supervise(&options, acting(&loads)), proc_new(act, &last, NULL)));
    manager_close(&m);
}

static void several(void) {
    manager m;
    gate once, twice;
    proc_supervise_options options = at_most(10);
    gate_init(&once);
    gate_init(&twice);
    manager_listen(&m, true);
    /* It was up, and is not when the other one says that it is; then it is up again. */
    script fails = {.m = &m, .acts = "RfowRu", .opens = &once, .waits = &twice};
    script other = {.m = &m, .acts = "wRno", .opens = &twice, .waits = &once};
    check_ready(&m, PROC_CONCURRENT(proc_supervise(&options, acting(&fails)), acting(&other)));
    manager_close(&m);
}

static void nested(void) {
    manager m;
    proc_supervise_options options = at_most(10), none = at_most(0);
    manager_listen(&m, true);
    /* The outer one runs both again, of which the first was up. */
    script up = {.m = &m, .acts = "Rn.Rn"}, gives_up = {.m = &m, .acts = "fRu"};
    proc_impl *both = PROC_SEQUENCE(acting(&up), proc_supervise(&none, acting(&gives_up)));
    check_ready(&m, proc_supervise(&options, both));
    manager_close(&m);
}

CHECK_MAIN(CASE(again), CASE(several), CASE(nested))
