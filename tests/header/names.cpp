// A program that has a namespace `proc` of its own, before the headers and after them: these need none, and leave it alone.
#define PROCESSION_NO_SHORT_NAMESPACE

namespace proc {

struct token {};
struct cancel {};
struct error {};
struct failure {};
struct process {};

} // namespace proc

#include <procession.hpp>
#include <procession/condition.hpp>
#include <procession/configure.hpp>
#include <procession/format.hpp>
#include <procession/live.hpp>
#include <procession/simulate.hpp>
#include <procession/trace.hpp>

namespace proc {

struct stat {};

} // namespace proc

namespace {

procession::error work(const procession::cancel &cancel) { return cancel.error(); }

} // namespace

// It is not static, so its name is one for the linker.
int main_of_daemon(const procession::process &more) {
    procession::channel<int> lines(8);
    const auto reads = [lines] { return lines.receive() ? 0 : 1; };
    const auto both = procession::all(reads, reads);
    return procession::main(procession::group(work, procession::task("more", more))) +
           std::get<0>(both);
}
