/* The header may be included again. */
#include <procession.h>
