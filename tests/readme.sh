#!/usr/bin/env bash
# The examples of the README compile without a warning and do what the README says, the one in C and the one in C++.
#
#     readme.sh C_COMPILER CPP_COMPILER LIBRARY
set -euo pipefail
library=$3
root=$(dirname "$(readlink -f "$0")")/..
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# example LANGUAGE COMPLAINT COMPILER…: it is called web, as the programs are that complain.
example() {
    local language=$1 complaint=$2 status=0
    shift 2
    mkdir "$scratch/$language"
    cd "$scratch/$language"
    awk -v fence="\`\`\`$language" '$0 == fence { inside = 1; next } /^```$/ { inside = 0 } inside' "$root/README.md" >"web.$language"
    "$@" -Wall -Wextra -Wpedantic -Werror -I"$root/include" "web.$language" -o web "$library" -Wl,-rpath,"$(dirname "$library")"
    ./web >said 2>complained || status=$?
    [ $status = 1 ]
    grep -qx 'statistics: still here' said
    [ "$(cat complained)" = "web: $complaint" ]
}

example c 'web: request: GET /: the disk is on fire' "$1" -std=c11
example cpp 'web: the disk is on fire' "$2" -std=c++17
