/*
 * procession/results.hpp - part of procession.hpp: what callables return
 */
#ifndef PROCESSION_RESULTS_HPP
#define PROCESSION_RESULTS_HPP

#include <atomic>
#include <optional>
#include <procession/each.hpp> // IWYU pragma: export
#include <procession/run.hpp>  // IWYU pragma: export
#include <tuple>
#include <variant>

namespace procession {
inline namespace v0_2 {

namespace detail {

/** What is returned by value; std::monostate for void, and for an error, which is no value but a failure. */
template <class Part, class... Given> struct return_value {
    static_assert(is_callable<Part, Given...>,
                  "procession: what gives values back takes callables and processes, and, before "
                  "all of them, a proc::cancel");
    using returned = std::decay_t<decltype(detail::call(
        std::declval<Part &>(), std::declval<const cancel &>(), std::declval<Given>()...))>;
    using type = std::conditional_t<std::is_void_v<returned> || std::is_same_v<returned, error>,
                                    std::monostate, returned>;
    static_assert(std::is_move_constructible_v<type>,
                  "procession: a value that is given back can be moved");
};

template <> struct return_value<process> { using type = std::monostate; };

template <> struct return_value<const process> { using type = std::monostate; };

template <class Part, class... Given>
using returned_by = typename return_value<std::remove_reference_t<Part>, Given...>::type;

/** Does something, and puts what that returns into its place. After a failure there is nothing in it. */
template <class T, class Action> error fill(std::optional<T> &place, const Action &action) {
    using returned = decltype(action());
    if constexpr (std::is_void_v<returned>) {
        action();
        place.emplace();
    } else if constexpr (std::is_same_v<std::decay_t<returned>, error>) {
        if (error failed = action())
            return failed;
        place.emplace();
    } else {
        place.emplace(action());
    }
    return {};
}

/** Takes a value out of its place, after all have succeeded. */
template <class T> T taken(std::optional<T> &place) {
    if (!place)
        throw failure(error(ECANCELED, "it was cancelled from inside, before all had a value"));
    return *std::move(place);
}

/** A process of what is there for longer than it: fills a place, and then does something. */
template <class Part, class T, class Then>
process filling(Part &part, std::optional<T> &place, const Then &then) {
    if constexpr (is_process<Part>) {
        if (part.get() == nullptr)
            return {}; // The combinator names it.
        return sequence(part, [&place, then] {
            place.emplace();
            then();
        });
    } else if (detail::is_empty<std::decay_t<Part>>(part)) {
        return {};
    } else {
        return make([&part, &place, then](const cancel &cancel) {
            error failed =
                detail::fill(place, [&]() -> decltype(auto) { return detail::call(part, cancel); });
            if (!failed)
                then();
            return failed;
        });
    }
}

template <class... Parts> inline constexpr bool starts_with_cancel = false;

template <class First, class... Others>
inline constexpr bool starts_with_cancel<First, Others...> =
    std::is_base_of_v<token, std::decay_t<First>>;

/** Callables from here on are called where they lie. */
template <class... Parts>
std::tuple<returned_by<Parts>...> run_all(const token &cancel, Parts &...parts) {
    std::tuple<std::optional<returned_by<Parts>>...> places;
    std::apply([&](auto &...place) { run(group(detail::filling(parts, place, [] {})...), cancel); },
               places);
    return std::apply(
        [](auto &...place) { return std::tuple<returned_by<Parts>...>(detail::taken(place)...); },
        places);
}

template <std::size_t... indices, class... Parts>
std::variant<returned_by<Parts>...> run_first(std::index_sequence<indices...>, const token &cancel,
                                              Parts &...parts) {
    std::tuple<std::optional<returned_by<Parts>>...> places;
    constexpr std::size_t nobody = sizeof...(Parts);
    std::atomic<std::size_t> first = nobody;
    const auto wins = [&first](std::size_t index) {
        return [&first, index] {
            std::size_t before = nobody;
            first.compare_exchange_strong(before, index);
        };
    };
    run(any(detail::filling(parts, std::get<indices>(places), wins(indices))...), cancel);
    std::optional<std::variant<returned_by<Parts>...>> value;
    const auto choose = [&](auto index) {
        if (first == index)
            value.emplace(std::in_place_index<index>, detail::taken(std::get<index>(places)));
    };
    (choose(std::integral_constant<std::size_t, indices>()), ...);
    return detail::taken(value);
}

template <class Range, class Callable>
std::vector<returned_by<Callable, element<Range>>> run_map(const token &cancel, Range &range,
                                                           std::size_t limit, Callable &callable) {
    const elements<Range> given(range);
    std::vector<std::optional<returned_by<Callable, element<Range>>>> places(given.size());
    const auto fills = [&](std::size_t index, const procession::cancel &own) {
        return detail::fill(places[index], [&]() -> decltype(auto) {
            return detail::call(callable, own, given[index]);
        });
    };
    const auto none = [] { return process::adopt(proc_each(0, 0, nullptr, nullptr, nullptr)); };
    run(detail::is_empty<std::decay_t<Callable>>(callable) ? none()
                                                           : each(given.size(), limit, fills),
        cancel);
    std::vector<returned_by<Callable, element<Range>>> values;
    values.reserve(places.size());
    for (auto &place : places)
        values.push_back(detail::taken(place));
    return values;
}

} // namespace detail

/**
 * Runs callables as a group (proc::group) and gives what they return, when all have:
 *
 *     auto [page, user] = proc::all(fetch, lookup);
 *
 * The first failure cancels the others. It throws a proc::failure with all errors then, as proc::run does, whose `rethrow()` brings an
 * exception back.
 *
 * What a callable returns is moved or copied into the tuple, as by `auto`; for void, and a proc::error, which is a failure or nothing,
 * it is a std::monostate. So it is for a process. Callables take what those of proc::make take. They are called where they lie: none is
 * copied or moved.
 *
 * Threads: as for proc::run. A callable should run it under its own handle, else what stops that does not stop these:
 * `proc::all(cancel, fetch, lookup)`.
 *
 * @param parts  callables and processes. An empty one is bad input.
 */
template <class... Parts, class = std::enable_if_t<!detail::starts_with_cancel<Parts...>>>
[[nodiscard]] std::tuple<detail::returned_by<Parts>...> all(Parts &&...parts) {
    return detail::run_all(token(), parts...);
}

/** The same under a handle. */
template <class... Parts>
[[nodiscard]] std::tuple<detail::returned_by<Parts>...> all(const token &cancel, Parts &&...parts) {
    return detail::run_all(cancel, parts...);
}

/**
 * Runs callables at the same time, and gives what the first one returns that *succeeds* (proc::any); the others are cancelled and waited
 * for. `index()` of the variant says which one it was.
 *
 *     const auto answer = proc::first(from_cache, from_database);
 *
 * If none succeeds, it throws a proc::failure with all errors. All else is as for proc::all. For the first that completes, in whatever
 * way, there is proc::race.
 */
template <class... Parts, class = std::enable_if_t<!detail::starts_with_cancel<Parts...>>>
[[nodiscard]] std::variant<detail::returned_by<Parts>...> first(Parts &&...parts) {
    return detail::run_first(std::index_sequence_for<Parts...>(), token(), parts...);
}

/** The same under a handle. */
template <class... Parts>
[[nodiscard]] std::variant<detail::returned_by<Parts>...> first(const token &cancel,
                                                                Parts &&...parts) {
    return detail::run_first(std::index_sequence_for<Parts...>(), cancel, parts...);
}

/**
 * Calls a callable for each element of a range, for at most `limit` of them at the same time, and gives what it returns, in the order of
 * the range.
 *
 *     const std::vector<std::size_t> sizes = proc::map(files, 4, size_of);
 *
 * The first failure cancels the others. It throws a proc::failure with all errors then, in which the failed ones are named by their
 * numbers: "[17]: TEXT". All else is as for proc::all and proc::each; but the elements are those of the range itself, which is not
 * copied: a callable may change them.
 *
 * @param range     any that may be gone through more than once.
 * @param limit     how many at the same time at most; 0: any number.
 * @param callable  as for proc::each, and may return anything, as for proc::all.
 */
template <class Range, class Callable,
          class = std::enable_if_t<!std::is_arithmetic_v<std::decay_t<Range>>>>
[[nodiscard]] auto map(Range &&range, std::size_t limit, Callable &&callable) {
    static_assert(detail::is_range<Range>, "procession: proc::map takes a range or a number");
    return detail::run_map(token(), range, limit, callable);
}

/** The same under a handle. */
template <class Range, class Callable,
          class = std::enable_if_t<!std::is_arithmetic_v<std::decay_t<Range>>>>
[[nodiscard]] auto map(const token &cancel, Range &&range, std::size_t limit, Callable &&callable) {
    static_assert(detail::is_range<Range>, "procession: proc::map takes a range or a number");
    return detail::run_map(cancel, range, limit, callable);
}

/** The same for the numbers from 0 up to, and without, a count. */
template <class Callable>
[[nodiscard]] auto map(std::size_t count, std::size_t limit, Callable &&callable) {
    return detail::run_map(token(), std::as_const(count), limit, callable);
}

/** The same under a handle. */
template <class Callable>
[[nodiscard]] auto map(const token &cancel, std::size_t count, std::size_t limit,
                       Callable &&callable) {
    return detail::run_map(cancel, std::as_const(count), limit, callable);
}

} // namespace v0_2
} // namespace procession

#endif
