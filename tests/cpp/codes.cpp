/* The codes of other libraries, in errors and in exceptions. Laws:
 *
 *   foreign_codes    Codes of other categories, of exceptions or not, have the number of errno that they equal, else -1.
 *   asio             Those of standalone Asio's system category are of errno.
 *   other_types      Exceptions that have codes and are no std::system_error keep these once the program has said so.
 */
#include <cerrno>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <stdexcept>
#include <string>
#include <system_error>

namespace {

/* The error of a callable that throws this. */
template <class Thrown> proc::error thrown(const Thrown &what) {
    return proc::try_run([&what] { throw what; });
}

/* Numbers of its own, as those of boost::asio::error::misc; some have a meaning in general, with that number (as in asio.system) or another. */
class of_network : public std::error_category {
  public:
    [[nodiscard]] const char *name() const noexcept override { return "network"; }
    [[nodiscard]] std::string message(int code) const override { return std::to_string(code); }
    [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
        if (code == ECONNRESET)
            return std::errc::connection_reset;
        return code == 1000 ? std::error_condition(std::errc::timed_out)
                            : std::error_condition(code, *this);
    }
};

/* Says only when it is asked that two are the same. */
class of_equals : public of_network {
  public:
    [[nodiscard]] bool equivalent(int code,
                                  const std::error_condition &other) const noexcept override {
        return code == ENOSPC && other == std::errc::no_space_on_device;
    }
};

/* As standalone Asio has it, in versions that say of none of its codes what that equals. */
class of_asio : public std::error_category {
  public:
    [[nodiscard]] const char *name() const noexcept override { return "asio.system"; }
    [[nodiscard]] std::string message(int code) const override { return std::to_string(code); }
};

TEST(codes, asio) {
    const of_asio category;
    EXPECT_EQ(proc::error(std::error_code(ECONNRESET, category)).code(), ECONNRESET);
    EXPECT_EQ(thrown(std::system_error(EPIPE, category, "write")).code(), EPIPE);
}

TEST(codes, foreign_codes) {
    const of_network network;
    EXPECT_EQ(thrown(std::system_error(ECONNRESET, network, "read")).code(), ECONNRESET);
    EXPECT_EQ(thrown(std::system_error(ECONNRESET, network, "read")).message(),
              "read: " + std::to_string(ECONNRESET));
    EXPECT_EQ(thrown(std::system_error(1000, network)).code(), ETIMEDOUT);
    EXPECT_EQ(thrown(std::system_error(EPIPE, network)).code(), -1);
    EXPECT_EQ(proc::error(std::error_code(ECONNRESET, network)).code(), ECONNRESET);
    EXPECT_EQ(proc::error(std::error_code(EPIPE, network)).code(), -1);
    const of_equals equals;
    EXPECT_EQ(proc::error(std::error_code(ENOSPC, equals)).code(), ENOSPC);
    EXPECT_EQ(proc::error(std::error_code(EPIPE, equals)).code(), -1);
}

/* As boost::system::system_error and its code, which a std::error_code is made of. */
struct other_code {
    int value;
    explicit operator std::error_code() const { return {value, std::generic_category()}; }
};

struct other_error : std::runtime_error {
    using std::runtime_error::runtime_error;
    [[nodiscard]] static other_code code() { return {ECONNREFUSED}; }
};

struct derived_other : other_error {
    using other_error::other_error;
};

struct empty_other : std::runtime_error {
    using std::runtime_error::runtime_error;
    [[nodiscard]] static std::error_code code() { return {}; }
};

TEST(codes, other_types) {
    EXPECT_EQ(thrown(other_error("connect")).code(), -1);
    for (int i = 0; i < 2; i++) {
        const proc::exception_codes<other_error> codes;
        const proc::exception_codes<empty_other> others;
    }
    EXPECT_EQ(thrown(other_error("connect")).code(), ECONNREFUSED);
    EXPECT_EQ(thrown(other_error("connect")).message(), "connect");
    EXPECT_EQ(thrown(derived_other("connect")).code(), ECONNREFUSED);
    EXPECT_EQ(thrown(empty_other("connect")).code(), -1);
    EXPECT_EQ(thrown(std::runtime_error("x")).code(), -1);
}

} // namespace
