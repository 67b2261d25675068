/* C++ code in several shared objects, each compiled with hidden visibility, one of which is loaded at run time. Laws:
 *
 *   apart            (The plug-in has its own copies of what is inline in the header.)
 *   into_program     An exception that leaves a callable of a plug-in comes back as the original in the program.
 *   into_plugin      … and the other way round.
 *   failure          A proc::failure that a plug-in's code throws is a proc::failure to the program.
 */
#include "plugin.hpp"
#include <dlfcn.h>
#include <gtest/gtest.h>

namespace {

const plugin &loaded() {
    static void *const library = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
    void *const function = library != nullptr ? dlsym(library, "plugin_of") : nullptr;
    if (function == nullptr)
        throw std::runtime_error(dlerror());
    return *reinterpret_cast<plugin_of_function *>(function)();
}

TEST(plugins, apart) { EXPECT_NE(loaded().address, proc::detail::release_exception); }

TEST(plugins, into_program) {
    const proc::process throwing = proc::process::adopt(loaded().throwing());
    const proc::error error = proc::try_run(proc::task("program", throwing));
    EXPECT_EQ(error.message(), "program: plugin: in the plug-in");
    EXPECT_THROW(error.rethrow(), trouble);
}

TEST(plugins, into_plugin) {
    const auto throws = [] { throw trouble("in the program"); };
    EXPECT_TRUE(loaded().is_trouble(proc::try_run(proc::task("t", throws)).get()));
    EXPECT_FALSE(loaded().is_trouble(proc::try_run([] { throw 42; }).get()));
}

TEST(plugins, failure) {
    const auto fails = [] { return proc::error(7, "in the program"); };
    try {
        loaded().run(proc::make(fails).release());
        FAIL() << "it should have thrown";
    } catch (const proc::failure &failure) {
        EXPECT_EQ(failure.error().code(), 7);
    }
}

} // namespace
