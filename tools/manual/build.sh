#!/usr/bin/env bash
# build.sh OUTPUT [site]: the manual of include/procession.h, by Doxygen: man pages in OUTPUT/man, and with `site` HTML in OUTPUT/html.
# Doxygen's warnings are errors.
set -euo pipefail
output=$(realpath -m "$1") site=${2:+YES}
cd "$(dirname "$(readlink -f "$0")")/../.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)

rm -rf "$output" && mkdir -p "$output"
{
    cat docs/site/Doxyfile
    printf '%s\n' "PROJECT_NUMBER = $version" "OUTPUT_DIRECTORY = \"$output\"" "GENERATE_XML = YES" "GENERATE_HTML = ${site:-NO}"
    [ -z "$site" ] || printf 'INPUT += %s\n' "$(python3 -c 'from tools.manual.markdown import PAGES; print(*PAGES)')"
} | doxygen -
python3 tools/manual/man.py "$output/xml" "$version" "$output/man"
[ -z "$site" ] || python3 tools/manual/site.py "$output/html"
