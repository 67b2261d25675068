// The header makes the compiler read no more than it needs: <functional> is large, and not there after it.
#include <procession.hpp>

#if defined(_GLIBCXX_FUNCTIONAL) || defined(_LIBCPP_FUNCTIONAL)
#error "procession.hpp includes <functional>"
#endif
