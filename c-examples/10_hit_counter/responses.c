/* responses.c: sends a response. */
#define _GNU_SOURCE
#include "responses.h"

#include <string.h>

struct MHD_Response *text_response(const char *text) {
    return MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
}

/* While the server stops, each answer says that it is the last one on its connection. */
enum MHD_Result respond(struct web *web, struct MHD_Connection *connection, unsigned status,
                        const char *type, struct MHD_Response *response) {
    if (response == NULL)
        return MHD_NO; /* closes the connection */
    MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    if (web->stopping)
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

enum MHD_Result respond_text(struct web *web, struct MHD_Connection *connection, unsigned status,
                             const char *text) {
    return respond(web, connection, status, PLAIN_TEXT, text_response(text));
}
