/* Its being linked is the test (see CMakeLists.txt); it runs to show that the result is a program. */
#include <procession.h>

int main(void) { return proc_version() ? 0 : 1; }
