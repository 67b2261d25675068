/* A plug-in, built with hidden visibility: it has copies of its own of all that is inline in the header. */
#include "plugin.hpp"

namespace {

proc_impl *throwing() {
    return proc::task("plugin", [] { throw trouble("in the plug-in"); }).release();
}

void run(proc_impl *impl) { proc::run(proc::process::adopt(impl)); }

bool is_trouble(const proc_error *borrowed) {
    try {
        proc::error::share(borrowed).rethrow();
    } catch (const trouble &) {
        return true;
    } catch (...) {
        return false;
    }
    return false;
}

const plugin functions = {throwing, run, is_trouble, proc::detail::release_exception};

} // namespace

const plugin *plugin_of() { return &functions; }
