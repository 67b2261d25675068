/* reports.h: monitoring of the server. */
#ifndef REPORTS_H
#define REPORTS_H

#include "web.h"

enum MHD_Result report_metrics(struct web *web, struct MHD_Connection *connection);
enum MHD_Result report_tree(struct web *web, struct MHD_Connection *connection);

#endif
