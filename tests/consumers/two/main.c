/* Two parts of one program, each with the minor version of the library that it was linked with. */
#include <string.h>

const char *part_of_former(void);
const char *part_of_this(void);

int main(int argc, char **argv) {
    return argc == 2 && strcmp(part_of_former(), "former") == 0 &&
                   strcmp(part_of_this(), argv[1]) == 0
               ? 0
               : 1;
}
