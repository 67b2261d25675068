/* Versions. Laws:
 *
 *   one_version      The header's version macros, proc_version() and the project's version are the same.
 */
#include "check.h"

static void one_version(void) {
    char version[50];
    snprintf(version, sizeof version, "%d.%d.%d", PROC_VERSION_MAJOR, PROC_VERSION_MINOR,
             PROC_VERSION_PATCH);
    CHECK_STR(proc_version(), version);
    CHECK_STR(PROJECT_VERSION, version);
}

CHECK_MAIN(CASE(one_version))
