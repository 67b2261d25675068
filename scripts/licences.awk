# Reads "LICENCE|crate v1.2.3" lines of cargo tree. An OR needs one allowed licence, an AND needs all; an expression with
# parentheses needs all in it, which is stricter than it says but never wrong.

function all_allowed(text, separator,    parts, count, i) {
    count = split(text, parts, separator)
    for (i = 1; i <= count; i++)
        if (parts[i] !~ allowed)
            return 0
    return count > 0
}

function any_allowed(text,    parts, count, i) {
    count = split(text, parts, / OR |\//)
    for (i = 1; i <= count; i++)
        if (all_allowed(parts[i], " AND "))
            return 1
    return 0
}

function is_allowed(text) {
    if (gsub(/[()]/, "", text))
        return all_allowed(text, " (AND|OR) ")
    return any_allowed(text)
}

{
    if (!is_allowed(substr($0, 1, index($0, "|") - 1))) {
        print "not an allowed licence: " $0
        bad = 1
    }
}

END {
    print NR " packages"
    exit bad || NR == 0
}
