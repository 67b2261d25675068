/* A part of a program, linked with the one library or with the other. */
const char *proc_version(void);

const char *PART(void) { return proc_version(); }
