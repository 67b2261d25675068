/* Versions. Laws:
 *
 *   one_version      The header's version macros, proc_version() and the project's version are the same.
 *   without_macros   Functions tell what the macros say: versions, limits, durations.
 */
#include "check.h"

static void one_version(void) {
    char version[50];
    snprintf(version, sizeof version, "%d.%d.%d", PROC_VERSION_MAJOR, PROC_VERSION_MINOR,
             PROC_VERSION_PATCH);
    CHECK_STR(proc_version(), version);
    CHECK_STR(PROJECT_VERSION, version);
}

static void without_macros(void) {
    CHECK_INT(proc_version_number(),
              (PROC_VERSION_MAJOR * 1000 + PROC_VERSION_MINOR) * 1000 + PROC_VERSION_PATCH);
    CHECK_INT(proc_max_depth(), PROC_MAX_DEPTH);
    CHECK_INT(proc_min_stack_size(), PROC_MIN_STACK_SIZE);
    CHECK_INT(proc_max_name_prefix(), PROC_MAX_NAME_PREFIX);
    CHECK_INT(proc_forever(), PROC_FOREVER);
    CHECK_INT(proc_at_once(), PROC_AT_ONCE);
}

CHECK_MAIN(CASE(one_version), CASE(without_macros))
