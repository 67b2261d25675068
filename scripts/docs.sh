# shellcheck shell=bash
# Part of x: the manual, and the gate that reads it.

missing_docs_packages() {
    command -v doxygen >/dev/null || echo doxygen
    command -v mandoc >/dev/null || echo mandoc
    command -v groff >/dev/null || echo groff-base
}

setup_docs() { need_packages_of missing_docs_packages; }

docs() {
    setup_docs
    MANUAL_STRICT=1 bash tools/manual/build.sh build/docs
    cat <<END
The site: file://$PWD/build/docs/html/index.html
Man pages: man -M $PWD/build/docs/man proc_spawn, or procession
END
}

setup_lint_docs() { setup_docs; }

# As in other gates, what is wrong on purpose must be found first.
lint_docs() {
    local wrong=build/lint/wrong
    rm -rf "$wrong" && mkdir -p "$wrong/man3" &&
        echo '.SH NO TITLE' >"$wrong/man3/proc_new.3" && echo '<a href="nowhere.html">' >"$wrong/index.html" &&
        ! pages_are_clean "$wrong" >/dev/null 2>&1 && ! pages_are_complete "$wrong" 2>/dev/null &&
        ! cpp_is_complete "$wrong/index.html" 2>/dev/null &&
        ! python3 tools/manual/site.py "$wrong" 2>/dev/null &&
        MANUAL_STRICT=1 bash tools/manual/build.sh build/lint/docs &&
        pages_are_complete build/lint/docs/man && pages_are_clean build/lint/docs/man &&
        cpp_is_complete build/lint/docs/html/cpp/namespaceprocession.html
}

# Each name that the module exports, which are all that there are (tests/header/module.sh).
cpp_is_complete() {
    local name missing=""
    while read -r name; do
        grep -q ">$name<" "$1" || missing+=" $name"
    done < <(sed -n 's/^using v[0-9_]*::\([a-z_0-9]*\);$/\1/p' include/procession.cppm)
    [ -z "$missing" ] || { echo "x: the site does not tell of$missing" >&2 && false; }
}

# The functions as the compiler sees them, not as the tool does that makes the pages.
declared_functions() { cc -E -P include/procession.h | grep -oE '\bproc_[a-z_]+\(' | tr -d '(' | sort -u; }

pages_are_complete() {
    local name missing=0
    for name in $(declared_functions); do
        grep -q '^\.SH SYNOPSIS' "$1/man3/$name.3" || missing=$((missing + 1))
    done
    [ "$missing" = 0 ] || { echo "x: $missing functions have no man page" >&2 && false; }
}

# Links are files of one line, and each leads to a page.
pages_are_clean() (
    cd "$1" || exit 1
    mapfile -t pages < <(grep -L '^\.so ' man?/*)
    grep -h '^\.so ' man?/* | cut -d ' ' -f 2 | sort -u | while read -r target; do
        [ -f "$target" ] || { echo "x: no page $target" >&2 && exit 1; }
    done &&
        mandoc -T lint -W warning "${pages[@]}" && ! groff -k -T utf8 -man -ww -z "${pages[@]}" 2>&1 | grep .
)
