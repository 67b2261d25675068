/* responses.h: sends a response. */
#ifndef RESPONSES_H
#define RESPONSES_H

#include "web.h"

#define PLAIN_TEXT "text/plain; charset=utf-8"

struct MHD_Response *text_response(const char *text);
enum MHD_Result respond(struct web *web, struct MHD_Connection *connection, unsigned status,
                        const char *type, struct MHD_Response *response);
enum MHD_Result respond_text(struct web *web, struct MHD_Connection *connection, unsigned status,
                             const char *text);

#endif
