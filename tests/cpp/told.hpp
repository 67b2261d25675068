/* told.hpp: something to be called by a cancellation, which tells how often and where it was. */
#ifndef TOLD_HPP
#define TOLD_HPP

#include <gtest/gtest.h>
#include <procession.hpp>
#include <thread>

struct told {
    int calls = 0;
    std::thread::id caller;

    void operator()() {
        calls++;
        caller = std::this_thread::get_id();
    }

    /* It is called on the thread that cancels, before that goes on, and once. */
    void expect_once_at_trigger(const proc::cancel &cancel) const {
        std::thread([&] {
            cancel.trigger();
            EXPECT_EQ(calls, 1);
            EXPECT_EQ(caller, std::this_thread::get_id());
        }).join();
        cancel.trigger();
        EXPECT_EQ(calls, 1);
    }
};

#endif
