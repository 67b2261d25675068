// The header needs no other before it.
#include <procession.hpp>
