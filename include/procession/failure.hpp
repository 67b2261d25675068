/*
 * procession/failure.hpp - part of procession.hpp: errors as exceptions
 */
#ifndef PROCESSION_FAILURE_HPP
#define PROCESSION_FAILURE_HPP

#include <exception>
#include <procession/error.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/**
 * An error as an exception: what proc::run throws. `what()` is the whole text of the error.
 *
 * To let a callable fail with a code and a text, return a proc::error or throw one or this. Either leaves a
 * callable as the error itself, so that it is the same error however many runs it passes through. So does what is derived from this:
 * its type and members do not come back.
 */
class [[gnu::visibility("default")]] failure : public std::exception {
  public:
    explicit failure(procession::error error) noexcept : error_(std::move(error)) {}

    [[nodiscard]] const char *what() const noexcept override {
        return proc_error_message(error_.get());
    }

    [[nodiscard]] const procession::error &error() const noexcept { return error_; }

    /** Throws the original exception that the error carries, else this one: see error::rethrow. */
    [[noreturn]] void rethrow() const {
        error_.rethrow();
        throw *this;
    }

  private:
    procession::error error_;
};

/**
 * "Stopped, as asked", thrown: what `cancel.throw_if_cancelled` throws. It leaves a callable as the error that it was made of, which whoever
 * cancelled knows for its own echo.
 *
 * It is no std::exception, so that code which catches these, writes them to a log and tries again lets it pass, as `catch (...)` with
 * `throw;` does. Catch it where you would go on in spite of a cancellation, and nowhere else.
 */
class [[gnu::visibility("default")]] cancelled final {
  public:
    explicit cancelled(procession::error error) noexcept : error_(std::move(error)) {}

    /** The whole text of the error. */
    [[nodiscard]] const char *what() const noexcept { return proc_error_message(error_.get()); }

    [[nodiscard]] const procession::error &error() const noexcept { return error_; }

  private:
    procession::error error_;
};

} // namespace v0_2
} // namespace procession

#endif
