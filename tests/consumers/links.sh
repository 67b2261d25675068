#!/usr/bin/env bash
# links.sh DIRECTORY: whether each link of the documents there leads to something in it, and each of a page of its site.
set -euo pipefail
cd "$1"
dead=0

# Code has brackets of other kinds, but what is no path has none of these signs.
links_of() {
    case $1 in
    *.md) grep -oE '\]\([A-Za-z0-9_./-]*[./-][A-Za-z0-9_./-]*' "$1" | cut -c 3- ;;
    *.html) grep -oE '\b(href|src|data)="[A-Za-z0-9_./-]+["#]' "$1" | cut -d '"' -f 2 | tr -d '#' ;;
    esac | sort -u
}

while read -r page; do
    while read -r target; do
        [ -e "$(dirname "$page")/$target" ] || {
            echo "links.sh: $page links to $target, which is not there"
            dead=$((dead + 1))
        }
    done < <(links_of "$page")
done < <(find . -name '*.md' -o -name '*.html')
[ $dead = 0 ]
