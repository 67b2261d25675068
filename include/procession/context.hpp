/*
 * procession/context.hpp - part of procession.hpp: what was being done when something failed
 */
#ifndef PROCESSION_CONTEXT_HPP
#define PROCESSION_CONTEXT_HPP

#include <procession/run.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/**
 * A process or callable whose errors have a text before their own, as `error.wrap` puts it there: "TEXT: CAUSE".
 *
 *     proc::run(proc::with_context("loading the configuration", load), cancel);
 *
 * In all else it fails as that does: its exceptions and its echoes are found through the text. It is run by a callable.
 *
 * @param text  copied; NULL adds nothing.
 * @param part  what to run; an empty process is bad input.
 */
template <class Part> [[nodiscard]] process with_context(detail::text text, Part &&part) {
    process inside = detail::to_process(std::forward<Part>(part));
    if (text.c_str() == nullptr || inside.get() == nullptr)
        return inside;
    return make([text = std::string(text.c_str()), inside = std::move(inside)](const token &token) {
        return try_run(inside, token).wrap(text);
    });
}

} // namespace v0_2
} // namespace procession

#endif
