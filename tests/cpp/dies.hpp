/* dies.hpp: for what ends a program, or what a program says as it ends (EXPECT_EXIT). It plays in a child process, in which the
 * program is started again, so that the child has no threads and no memory of what was done before it. Test and child are
 * bounded in time.
 */
#ifndef DIES_HPP
#define DIES_HPP

#include "gate.hpp"
#include <csignal>
#include <gtest/gtest.h>
#include <unistd.h>

class dies : public testing::Test {
  protected:
    void SetUp() override {
        GTEST_FLAG_SET(death_test_style, "threadsafe");
        alarm(static_cast<unsigned>(gate::deadline().count()));
    }

    void TearDown() override { alarm(0); }
};

#endif
