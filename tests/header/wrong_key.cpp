// This must be rejected, in these words: a value that is none.
#include <procession.hpp>

const proc::key<int &> wrong("wrong");
