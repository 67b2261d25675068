#!/usr/bin/env bash
# module.sh CLANG STANDARD INCLUDE: the module (procession.cppm) exports each name that the headers declare for programs, but for those of Asio,
# and none that they do not. The compiler itself is asked for the names: it is told to complete `procession::`.
set -euo pipefail
clang=$1 standard=$2
cd "$3"
module=procession.cppm
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mapfile -t parts < <(printf '%s\n' procession.hpp procession/*.hpp | grep -v '^procession/asio.hpp$')
{ printf '#include <%s>\n' "${parts[@]}" && echo 'procession::'; } >"$scratch/names.cpp"
place=$scratch/names.cpp:$((${#parts[@]} + 1)):13
{
    "$clang" -std="$standard" -I. -fsyntax-only -Xclang -code-completion-at="$place" "$scratch/names.cpp" |
        sed -n 's/^COMPLETION: \([A-Za-z_][A-Za-z0-9_]*\).*/\1/p' | grep -vxE 'detail|operator|v[0-9_]+'
    # Nobody completes operators. Those at the beginning of a line, in the namespace, are no friends.
    grep -hE '^[^ ].*[ &*]operator' "${parts[@]}" | grep -oE 'operator[^(]+' | tr -d ' '
} | sort -u >"$scratch/declared"
sed -n 's/^using v[0-9]*_[0-9]*::\(.*\);$/\1/p' "$module" | sort >"$scratch/exported"

[ "$(wc -l <"$scratch/declared")" -gt 50 ] || { echo "the compiler told too few names" && exit 1; }
diff "$scratch/declared" "$scratch/exported" || { echo "$module: < is not exported, > is not declared" && exit 1; }
