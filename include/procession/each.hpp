/*
 * procession/each.hpp - part of procession.hpp: one callable for many things
 */
#ifndef PROCESSION_EACH_HPP
#define PROCESSION_EACH_HPP

#include <procession/combinators.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

namespace detail {

template <class Iterator, class = void> struct category_of {
    using type = typename std::iterator_traits<Iterator>::iterator_category;
};

/** Iterators of C++20 say here what they can do, and there what the rules of C++17 make of that. */
template <class Iterator>
struct category_of<Iterator, std::void_t<typename Iterator::iterator_concept>> {
    using type = typename Iterator::iterator_concept;
};

/** Whether several may go through it, each at its own place. */
template <class Iterator>
inline constexpr bool is_multipass =
    std::is_base_of_v<std::forward_iterator_tag, typename category_of<Iterator>::type>;

template <class Range, class = void> inline constexpr bool is_indexed = false;

/** Whether each element can be reached at once. */
template <class Range>
inline constexpr bool
    is_indexed<Range, std::void_t<decltype(*(std::begin(std::declval<Range &>()) +
                                             (std::end(std::declval<Range &>()) -
                                              std::begin(std::declval<Range &>()))))>> = true;

/** The elements of a range by their numbers, for as long as the range is there. */
template <class Range, bool indexed = is_indexed<Range>> class elements {
    using iterator = decltype(std::begin(std::declval<Range &>()));

  public:
    explicit elements(Range &range) {
        static_assert(
            is_multipass<iterator>,
            "procession: what is gone through by several threads can be gone through more "
            "than once");
        for (auto place = std::begin(range); place != std::end(range); ++place)
            places_.push_back(place);
    }

    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
    decltype(auto) operator[](std::size_t index) const { return *places_[index]; }

  private:
    std::vector<iterator> places_{};
};

template <class Range> class elements<Range, true> {
    using iterator = decltype(std::begin(std::declval<Range &>()));
    using distance = decltype(std::end(std::declval<Range &>()) - std::declval<iterator &>());

  public:
    explicit elements(Range &range)
        : begin_(std::begin(range)), size_(static_cast<std::size_t>(std::end(range) - begin_)) {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    decltype(auto) operator[](std::size_t index) const {
        return *(begin_ + static_cast<distance>(index));
    }

  private:
    iterator begin_;
    std::size_t size_;
};

/** The numbers below one, by themselves. */
template <> class elements<const std::size_t, false> {
  public:
    explicit elements(const std::size_t &size) noexcept : size_(size) {}
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    std::size_t operator[](std::size_t index) const noexcept { return index; }

  private:
    std::size_t size_;
};

template <class Range> using element = decltype(std::declval<elements<Range> &>()[0]);

/** As which type the elements are looked at of a range that is kept: it is const, if it can be. */
template <class Range>
using kept = std::conditional_t<is_range<Range> && !is_range<const Range>, Range, const Range>;

/** What the functions of C have for a range and a callable, as their user data. */
template <class Range, class Callable> class each_of {
  public:
    template <class GivenRange, class GivenCallable>
    each_of(GivenRange &&range, GivenCallable &&callable)
        : range_(std::forward<GivenRange>(range)), elements_(range_),
          callable_(std::forward<GivenCallable>(callable)) {}

    [[nodiscard]] std::size_t size() const noexcept { return elements_.size(); }

    static proc_error *run(proc_cancel *cancel, std::size_t index, void *user_data) {
        const lent<procession::cancel> handle(cancel);
        auto *const all = static_cast<each_of *>(user_data);
        return detail::guarded(
            [&] { return detail::call(all->callable_, handle.get(), all->elements_[index]); });
    }

  private:
    Range range_;
    elements<kept<Range>> elements_;
    Callable callable_;
};

template <class Range, class Callable>
process make_each(Range &&range, std::size_t limit, Callable &&callable) {
    using stored = std::decay_t<Callable>;
    using owner = each_of<std::decay_t<Range>, stored>;
    static_assert(
        is_callable<stored, element<kept<std::decay_t<Range>>>>,
        "procession: the callable takes a (const) element or a number, and then proc::cancel, "
        "std::stop_token (C++20) or nothing");
    static_assert(can_be_kept<Callable>,
                  "procession: a callable that cannot be copied is given by std::move");
    if (detail::is_empty<stored>(callable))
        return process::adopt(proc_each(0, limit, nullptr, nullptr, nullptr));
    auto *const data = new owner(std::forward<Range>(range), std::forward<Callable>(callable));
    return process::adopt(proc_each(data->size(), limit, owner::run, data, destroy<owner>));
}

} // namespace detail

/**
 * A group with a child for each element of a range, which are one callable: proc::group_limit, of so many callables as there are
 * elements, with at most `limit` at the same time. A failed one is named by its number: its error is wrapped, "[17]: TEXT", also as
 * the cause of the group's cancellation.
 *
 *     proc::run(proc::each(files, 4, [](const std::string &file, const proc::cancel &cancel) { convert(file, cancel); }));
 *
 * Ownership: the range and the callable are moved or copied into the process, as a callable is by proc::make. The elements are const to
 * the callable, for it is the process that has them, and may run several times at once; unless the range is a view (std::span, say),
 * which only refers to them. To change elements of one's own, one counts to `size()` and captures them (the other proc::each).
 *
 * To have what the callable returns, use proc::map.
 *
 * @param range     any that may be gone through more than once; an empty one succeeds at once.
 * @param limit     how many at the same time at most; 0: any number.
 * @param callable  takes an element, and after it a proc::cancel, or with C++20 a std::stop_token, or nothing; returns void or a
 *                  proc::error. It is called on several threads at once. If empty, it is bad input.
 */
template <class Range, class Callable,
          class = std::enable_if_t<!std::is_arithmetic_v<std::decay_t<Range>>>>
[[nodiscard]] process each(Range &&range, std::size_t limit, Callable &&callable) {
    static_assert(detail::is_range<Range>, "procession: proc::each takes a range or a number");
    return detail::make_each(std::forward<Range>(range), limit, std::forward<Callable>(callable));
}

/** The same for the numbers from 0 up to, and without, a count. It takes the same memory however many there are. */
template <class Callable>
[[nodiscard]] process each(std::size_t count, std::size_t limit, Callable &&callable) {
    return detail::make_each(count, limit, std::forward<Callable>(callable));
}

} // namespace v0_2
} // namespace procession

#endif
