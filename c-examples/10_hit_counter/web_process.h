/* web_process.h: the process that serves. */
#ifndef WEB_PROCESS_H
#define WEB_PROCESS_H

#include "web.h"

proc_error *web_serve(proc_cancel *cancel, void *web);

#endif
