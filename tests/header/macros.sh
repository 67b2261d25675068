#!/usr/bin/env bash
# macros.sh COMPILER STANDARD INCLUDE: what procession.hpp and the files beside it define for the preprocessor, beside what the
# headers do that they include, is their include guards and nothing else.
set -euo pipefail
compiler=$1 standard=$2 include=$3
cd "$include"

# The macros that are there after these lines.
defined() { "$compiler" -x c++ -std="$standard" -I. -dM -E - | awk '{ sub(/\(.*/, "", $2); print $2 }' | sort -u; }

others() { sed -n 's/^#include <\([^>]*\)>.*/\1/p' procession.hpp procession/*.hpp | grep -v '^procession/' | sort -u; }

guards() { sed -n 's/^#ifndef \(PROCESSION_.*HPP\)$/\1/p' procession.hpp procession/*.hpp | sort; }

all() { printf '#include <%s>\n' procession.hpp procession/*.hpp; }

# Not each compiler that finds <coroutine> may include it; and what Asio defines depends on what is included before.
given() { others | sed 's/.*/#if __has_include(<&>)\n#include <&>\n#endif/; s/__has_include(<coroutine>)/defined(__cpp_impl_coroutine)/'; }

ours=$(comm -13 <(given | defined) <(all | defined) | grep -vE '^(BOOST_)?ASIO_')
[ "$(guards | wc -l)" = "$(find procession.hpp procession -name '*.hpp' | wc -l)" ]
diff <(guards) - <<<"$ours"
