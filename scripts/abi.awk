# A definition for each function that the header declares, from procession.cdef: what a compiler needs to write down their types.
function count(text, letter) { return gsub(letter, "", text) }
{
    text = text " " $0
    depth += count($0, "{") - count($0, "}")
}
depth == 0 && /; *$/ {
    if (text !~ /^ *typedef / && text ~ /proc_[a-z0-9_]+ *\(/) {
        sub(/; *$/, " { __builtin_trap(); }", text)
        print text
    }
    text = ""
}
