#!/usr/bin/env bash
# build.sh OUTPUT: the manual of include/procession.h, by Doxygen: man pages in OUTPUT/man, and with the documents a site in OUTPUT/html; what that has
# of C++ is in OUTPUT/html/cpp.
# With MANUAL_STRICT=1, a warning of Doxygen's and a dead link are errors; other versions of Doxygen than ours may have others.
set -euo pipefail
output=$(realpath -m "$1")
[ "${MANUAL_STRICT:-0}" = 1 ] && strict=FAIL_ON_WARNINGS || strict=NO
cd "$(dirname "$(readlink -f "$0")")/../.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
homepage=$(sed -n 's/^homepage = "\(.*\)"/\1/p' Cargo.toml)

# Only what this has made is taken away: OUTPUT may be anything.
mkdir -p "$output"
rm -rf "$output"/{man,html,xml,c.tag,layout.xml,cpp.layout.xml}
# Doxygen's own layout, with the project's address, and the names that its parts have here.
doxygen -l "$output/cpp.layout.xml"
[ -z "$homepage" ] || sed -i "s|</navindex>|<tab type=\"user\" url=\"$homepage\" title=\"Homepage\"/>&|" "$output/cpp.layout.xml"
cp "$output/cpp.layout.xml" "$output/layout.xml"
sed -i -e 's/\(type="mainpage" [^>]*\)title=""/\1title="Guide"/' -e 's/\(type="pages" [^>]*\)title=""/\1title="Documents"/' \
    -e 's/\(type="\(modules\|topics\)" [^>]*\)title=""/\1title="Reference"/' "$output/layout.xml"
{
    cat docs/site/Doxyfile
    printf '%s\n' "PROJECT_NUMBER = $version" "OUTPUT_DIRECTORY = \"$output\"" "LAYOUT_FILE = \"$output/layout.xml\"" "GENERATE_XML = YES" "GENERATE_TAGFILE = \"$output/c.tag\"" "WARN_AS_ERROR = $strict"
    printf 'INPUT += %s\n' "$(python3 -c 'from tools.manual.markdown import PAGES; print(*PAGES)')"
} | doxygen -
{
    cat docs/site/Doxyfile docs/site/cpp.Doxyfile
    printf '%s\n' "PROJECT_NUMBER = $version" "OUTPUT_DIRECTORY = \"$output\"" "HTML_OUTPUT = html/cpp" "LAYOUT_FILE = \"$output/cpp.layout.xml\"" "TAGFILES = \"$output/c.tag=..\"" "WARN_AS_ERROR = $strict"
} | doxygen -
python3 tools/manual/man.py "$output/xml" "$version" "$output/man"
python3 tools/manual/site.py "$output/html" || [ "$strict" = NO ]
