/* What stands for a former minor version of the library: of the same names, and other symbol versions. */
const char *proc_version(void) { return "former"; }
