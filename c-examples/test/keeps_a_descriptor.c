/* keeps_a_descriptor: what fds_at_exit must catch. */
#include <fcntl.h>

int main(void) { return open("/dev/null", O_RDONLY) < 0; }
