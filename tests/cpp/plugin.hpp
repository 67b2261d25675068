/* plugin.hpp: what plugin.cpp, which is loaded at run time, and plugins.cpp, which loads it, agree on. */
#ifndef PLUGIN_HPP
#define PLUGIN_HPP

#include <procession.hpp>

/* Crosses the border between shared objects, so its type must be visible. */
struct [[gnu::visibility("default")]] trouble : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct plugin {
    /* Throws trouble. */
    proc_impl *(*throwing)();
    /* Runs the process by proc::run, from which a proc::failure leaves. */
    void (*run)(proc_impl *);
    /* Whether the error carries trouble, as the plug-in's code sees it. */
    bool (*is_trouble)(const proc_error *);
    /* The address that an inline function of the header has in the plug-in. */
    void (*address)(void *);
};

extern "C" [[gnu::visibility("default")]] const plugin *plugin_of();
using plugin_of_function = const plugin *();

#endif
