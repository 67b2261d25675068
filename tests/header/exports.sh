#!/usr/bin/env bash
# exports.sh INCLUDE: each part of procession.hpp passes on the parts that it includes, in the words of include-what-you-use and clang's
# include-cleaner. So to these a program needs procession.hpp for whatever it uses of it, and not the part in which that stands.
set -euo pipefail
cd "$1"
grep -q 'IWYU pragma: begin_exports' procession.hpp
if grep -n '#include <procession[./]' procession/*.hpp | grep -v '// IWYU pragma: export$'; then
    echo "the lines above do not say: // IWYU pragma: export"
    exit 1
fi
