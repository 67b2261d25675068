# How long functions and files are: awk -f lengths.awk FILE… . The sources are formatted, so a function ends at the
# first brace that closes at the indentation where it began.

BEGIN {
    median_limit = 10
    function_limit = 60
    file_limit = 500
}

function complain(text) {
    print text
    bad = 1
}

function indentation(text) {
    match(text, /^ */)
    return RLENGTH
}

# The head of a function may take several lines, up to the one that ends with its opening brace.
function starts_function(text) {
    if (language == "rs")
        return text ~ /^ *(pub(\([a-z]+\))? |const |async |unsafe |extern "[^"]*" )*fn [a-zA-Z_]/
    if (language == "sh")
        return text ~ /^[a-zA-Z_-]+\(\) *\{/
    sub(/\{.*/, "", text)
    if (text ~ /^ *(if|else|for|while|switch|do|return|struct|class|enum|union|namespace|typedef|case)[^a-z_]/)
        return 0
    if (language == "c" && text ~ /^ /)
        return 0
    return text ~ /^ *[a-zA-Z_~:][^;=]*\([^;]*$/
}

function finish(lines) {
    inside = 0
    count[language]++
    histogram[language, lines]++
    if (lines > longest[language])
        longest[language] = lines
    if (lines > function_limit)
        complain(FILENAME ":" first ": a function of " lines " lines, more than " function_limit)
}

function median(language,    lines, seen) {
    for (lines = 1; lines <= longest[language]; lines++) {
        seen += histogram[language, lines]
        if (seen * 2 >= count[language])
            return lines
    }
}

function end_file() {
    if (last_line > file_limit)
        complain(last_file ": " last_line " lines, more than " file_limit)
}

FNR == 1 {
    end_file()
    inside = 0
    language = FILENAME
    sub(/.*[.\/]/, "", language)
    if (language == "x" || language == "run")
        language = "sh"
    if (language == "h")
        language = "c"
    if (language == "hpp")
        language = "cpp"
}

{
    last_line = FNR
    last_file = FILENAME
}

!inside && starts_function($0) {
    inside = 1
    open = 0
    first = FNR
    depth = indentation($0)
}

inside && !open {
    if ($0 ~ /\{$/)
        open = 1
    else if ($0 ~ /[{].*\}$/)
        finish(FNR - first + 1)
    else if ($0 ~ /;$/)
        inside = 0
    next
}

inside && indentation($0) == depth && $0 ~ /^ *[})]/ {
    finish(FNR - first + 1)
}

END {
    end_file()
    for (language in count) {
        total += count[language]
        middle = median(language)
        printf "%-4s %4d functions, median %2d lines, longest %2d\n", language, count[language], middle, longest[language]
        if (middle > median_limit)
            complain(language ": the median function has " middle " lines, more than " median_limit)
    }
    exit bad || total == 0
}
