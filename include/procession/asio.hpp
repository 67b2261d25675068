/*
 * procession/asio.hpp - beside procession.hpp, and included on its own: processes as asynchronous operations of Asio
 *
 * It is for the Asio that is included before it, Boost's or the one without Boost. If none is, it is for the one without, or for Boost's where
 * there is no other. PROCESSION_ASIO_BOOST, defined before, says that it is for Boost's. It needs Asio 1.18 (Boost 1.74), and cancellation slots
 * come with Asio 1.19 (Boost 1.77).
 */
#ifndef PROCESSION_ASIO_HPP
#define PROCESSION_ASIO_HPP

#include <atomic>
#include <memory>
#include <mutex>
#include <procession/get.hpp> // IWYU pragma: export

#if defined(PROCESSION_ASIO_BOOST) ||                                                              \
    (!defined(ASIO_VERSION) && (defined(BOOST_ASIO_VERSION) || !__has_include(<asio/version.hpp>)))
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/version.hpp>
#if BOOST_ASIO_VERSION >= 101900
#include <boost/asio/associated_cancellation_slot.hpp>
#define PROCESSION_ASIO_SLOTS
#endif
#define PROCESSION_ASIO boost::asio
#define PROCESSION_WITH_ASIO with_boost_asio
#else
#include <asio/associated_allocator.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/execution.hpp>
#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/query.hpp>
#include <asio/system_executor.hpp>
#include <asio/version.hpp>
#if ASIO_VERSION >= 101900
#include <asio/associated_cancellation_slot.hpp>
#define PROCESSION_ASIO_SLOTS
#endif
#define PROCESSION_ASIO asio
#define PROCESSION_WITH_ASIO with_asio
#endif

namespace procession {
inline namespace v0_2 {
/* The two may be in two parts of a program, and what is for one is no other's. */
inline namespace PROCESSION_WITH_ASIO {

namespace asio_detail {

namespace net = ::PROCESSION_ASIO;

/** A job that an execution context waits for, and which is there until that is done. All of them are in a ring. */
class outstanding {
  public:
    explicit outstanding(procession::cancel own) noexcept : own_(std::move(own)) {}
    outstanding(const outstanding &) = delete;
    outstanding &operator=(const outstanding &) = delete;
    virtual ~outstanding() = default;

    [[nodiscard]] const procession::cancel &own() const noexcept { return own_; }

    /** Itself, while it has to be there. */
    [[nodiscard]] const std::shared_ptr<outstanding> &self() const noexcept { return self_; }

    /** @param self  this. */
    void start(std::shared_ptr<outstanding> self, process what, void (*told)(void *)) noexcept {
        self_ = std::move(self);
        job_ = proc_start(what.release(), own_.get(), told, this);
    }

    /** Waits until it is complete and has told so; then it need not be there any more. */
    void join() noexcept {
        (void)error::adopt(proc_job_join(std::exchange(job_, nullptr)));
        const auto last = std::move(self_);
    }

  private:
    friend class jobs;

    procession::cancel own_;
    proc_job *job_ = nullptr;
    std::shared_ptr<outstanding> self_{};
    outstanding *before_ = this;
    outstanding *next_ = this;
};

/** The jobs of an execution context. What still runs when that is destroyed is cancelled and waited for. */
class jobs : public net::execution_context::service {
  public:
    using key_type = jobs;
    inline static net::execution_context::id id{};

    explicit jobs(net::execution_context &context) : net::execution_context::service(context) {}

    void add(outstanding &one) {
        const std::lock_guard<std::mutex> lock(mutex_);
        one.before_ = ring_.before_;
        one.next_ = &ring_;
        one.before_->next_ = one.next_->before_ = &one;
    }

    void remove(outstanding &one) {
        const std::lock_guard<std::mutex> lock(mutex_);
        one.before_->next_ = one.next_;
        one.next_->before_ = one.before_;
    }

  private:
    /* No thread runs the context any more, so that no handler is called in the meantime. One that was posted may have been destroyed. */
    void shutdown() override {
        for (outstanding *one = ring_.next_; one != &ring_; one = one->next_)
            one->own().trigger();
        while (ring_.next_ != &ring_) {
            outstanding &one = *ring_.next_;
            remove(one);
            one.join();
        }
    }

    std::mutex mutex_{};
    outstanding ring_{procession::cancel::adopt(nullptr)};
};

template <class Executor, class = void> inline constexpr bool has_context = false;

template <class Executor>
inline constexpr bool
    has_context<Executor, std::void_t<decltype(std::declval<const Executor &>().context())>> = true;

/** The jobs of an executor's context; if it tells of none, of the whole program's. */
template <class Executor> jobs &jobs_of(const Executor &executor) {
    using context = net::execution::context_t;
    if constexpr (net::can_query<const Executor &, context>::value)
        return net::use_service<jobs>(net::query(executor, context()));
    else if constexpr (has_context<Executor>)
        return net::use_service<jobs>(executor.context());
    else
        return asio_detail::jobs_of(net::system_executor());
}

/** By which a handler's slot cancels. */
template <class Handler> class slot {
  public:
#ifdef PROCESSION_ASIO_SLOTS
    slot(const Handler &handler, const procession::cancel &cancelled)
        : slot_(net::get_associated_cancellation_slot(handler)) {
        if (slot_.is_connected())
            slot_.assign([cancelled](auto type) {
                if (type != decltype(type)::none)
                    cancelled.trigger();
            });
    }

    void clear() {
        if (slot_.is_connected())
            slot_.clear();
    }

  private:
    typename net::associated_cancellation_slot<Handler>::type slot_;
#else
    slot(const Handler &, const procession::cancel &) noexcept {}
    void clear() noexcept {}
#endif
};

/**
 * A job whose end is told to a handler. What is posted for that joins the job, which what the job itself calls could not do.
 */
template <class Handler, class T> class operation : public outstanding {
  public:
    using allocator = typename net::associated_allocator<Handler>::type;
    using executor = typename net::associated_executor<Handler>::type;

    operation(Handler &&handler, const token &above)
        : outstanding(above.child()), handler_(std::move(handler)), slot_(handler_, own()),
          work_(net::get_associated_executor(handler_)),
          jobs_(asio_detail::jobs_of(work_.get_executor())) {}

    template <class Part> static void start(Handler &&handler, Part &&part, const token &above) {
        auto one = std::allocate_shared<operation>(net::get_associated_allocator(handler),
                                                   std::move(handler), above);
        operation &self = *one;
        // Not kept by what runs, so that it is gone before the handler is called.
        const detail::not_owned ended(&self.ended_);
        process what = detail::noting<T>(std::forward<Part>(part), ended);
        self.jobs_.add(self);
        self.outstanding::start(std::move(one), std::move(what), told);
        self.leave();
    }

  private:
    struct completion {
        using allocator_type = allocator;
        [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_; }
        void operator()() { operation::complete(std::move(done_)); }

        std::shared_ptr<operation> done_;
        allocator allocator_;
    };

    static void told(void *user_data) noexcept {
        static_cast<operation *>(static_cast<outstanding *>(user_data))->leave();
    }

    /** By who starts it and by what it tells, which may come first. */
    void leave() {
        if (parties_.fetch_sub(1) != 1)
            return;
        const executor to = work_.get_executor();
        allocator by = net::get_associated_allocator(handler_);
        net::post(to, completion{std::static_pointer_cast<operation>(self()), std::move(by)});
    }

    static void complete(std::shared_ptr<operation> done) {
        done->jobs_.remove(*done);
        done->join();
        done->slot_.clear();
        const net::executor_work_guard<executor> work = std::move(done->work_);
        Handler handler = std::move(done->handler_);
        detail::ending<T> ended = std::move(done->ended_);
        done.reset(); // Its memory may be the one that the handler wants.
        auto exception = ended.failed ? std::make_exception_ptr(failure(std::move(ended.failed)))
                                      : std::exception_ptr();
        if constexpr (std::is_same_v<T, std::monostate>)
            std::move(handler)(std::move(exception));
        else
            std::move(handler)(std::move(exception), ended.value ? *std::move(ended.value) : T());
    }

    Handler handler_;
    slot<Handler> slot_;
    net::executor_work_guard<executor> work_;
    jobs &jobs_;
    detail::ending<T> ended_{};
    std::atomic<int> parties_{2};
};

template <class T> struct signature {
    static_assert(std::is_default_constructible_v<T>,
                  "procession: what is given to Asio has a default value, for when there is none; "
                  "a std::optional has");
    using type = void(std::exception_ptr, T);
};

template <> struct signature<std::monostate> { using type = void(std::exception_ptr); };

template <class T> struct initiation {
    template <class Handler, class Part>
    void operator()(Handler &&handler, Part &&part, const token &above) const {
        using own = std::decay_t<Handler>;
        operation<own, T>::start(own(std::forward<Handler>(handler)), std::forward<Part>(part),
                                 above);
    }
};

} // namespace asio_detail

/**
 * Runs a callable or a process as an asynchronous operation of Asio:
 *
 *     const std::string page = co_await proc::async_run(fetch, cancel, asio::use_awaitable);
 *
 * It is started as by proc::start, on a thread of the library, so that it may block. When it has ended, the completion handler is called with
 * `std::exception_ptr`, and what the callable has returned if that is a value (not of a process, for void and a proc::error). So what has a completion
 * token that throws, as use_awaitable and use_future, throws a proc::failure, as proc::run does. A callback has the error by
 * `proc::error(exception)`: it is the very one.
 *
 * It is cancelled with the handle that it is given, and by the cancellation slot of the handler, whatever the type of that cancellation: what runs is
 * asked to stop, and how it ends then is its own. Usually that is a failure with code ECANCELED.
 *
 * The handler is called as if posted to its associated executor, which has work to do until then; memory is that of its associated allocator, but for
 * what the library itself needs. An execution context that is destroyed cancels what still runs for it, waits for it, and destroys the handlers.
 *
 * The other way, to wait in a process for an operation of Asio, is what promises are for:
 *
 *     const proc::promise answered;
 *     asio::co_spawn(io, answer(), [answered](std::exception_ptr exception) { answered.complete(exception); });
 *     proc::run(proc::await(answered), cancel);
 *
 * A cancellation ends that wait, and not the operation. To end this, a hook emits a signal of Asio's whose slot it has, on its executor; then wait
 * without the handle, until it has ended:
 *
 *     const auto stop = std::make_shared<asio::cancellation_signal>();
 *     const proc::hook hook(cancel, [&io, stop] {
 *         asio::post(io, [stop] { stop->emit(asio::cancellation_type::terminal); });
 *     });
 *     timer.async_wait(asio::bind_cancellation_slot(stop->slot(), is_told));
 *
 * @param part              what to run, as for proc::start; a value that it returns must have a default one.
 * @param cancel            the handle to run under, or an empty one.
 * @param completion_token  any: use_awaitable, use_future, deferred, a callback, …
 */
template <class Part, class CompletionToken>
auto async_run(Part &&part, const token &cancel, CompletionToken &&completion_token) {
    using T = detail::returned_by<std::decay_t<Part>>;
    return asio_detail::net::async_initiate<CompletionToken,
                                            typename asio_detail::signature<T>::type>(
        asio_detail::initiation<T>(), completion_token, std::forward<Part>(part), cancel);
}

/** The same without a handle: what cancels it is the slot. */
template <class Part, class CompletionToken>
auto async_run(Part &&part, CompletionToken &&completion_token) {
    return procession::async_run(std::forward<Part>(part), token(),
                                 std::forward<CompletionToken>(completion_token));
}

} // namespace PROCESSION_WITH_ASIO
} // namespace v0_2
} // namespace procession

#undef PROCESSION_WITH_ASIO
#undef PROCESSION_ASIO
#undef PROCESSION_ASIO_SLOTS

#endif
