/* answers.h: answers to requests. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "web.h"

enum MHD_Result answer(void *web, struct MHD_Connection *connection, const char *url,
                       const char *method, const char *version, const char *upload,
                       size_t *upload_size, void **request);
void answers_resume_due(struct web *web);

#endif
