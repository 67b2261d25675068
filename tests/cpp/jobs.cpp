/* proc::start and proc::job. Laws:
 *
 *   starts           proc::start returns while the process waits; join() waits for its end; success is nothing, an error is thrown.
 *   try_join         try_join() returns the error, which carries the original exception.
 *   empty            A job that is default-constructed, joined or moved from is empty: joining it is EINVAL, it has no descriptor.
 *   moved            Moving hands the job on; what was moved from does not end it.
 *   destroyed        A job that is destroyed is cancelled and waited for, and so is one that is assigned to …
 *   replaced         … before the one that takes its place begins, however it is assigned.
 *   begins           A job begins at the end of the expression that starts it, or when it is used or moved in it; each once.
 *   thrown_away      One that is destroyed in that expression has run, too, and so has its on_done.
 *   in_a_child       In a child of fork, a job of its parent's is ended at once, and its handle's hooks do not run.
 *   under            It is cancelled with the handle that it was given; its own cancels it alone.
 *   inherits         A job that is started in a task is in that task.
 *   labelled         A callable may say which one of its kind its task is, and the dump shows that.
 *   waits            wait() tells whether it is complete.
 *   descriptor       Its descriptor is readable once it is complete.
 *   told             on_done is called once, when the job is complete and before a join returns, and lives until then.
 *   told_nobody      An empty on_done is none.
 *   inside           What is a part of the job, or is told of it, cannot join it (EDEADLK), and the job stays.
 *   own_deadlock     A process that fails with EDEADLK of its own is joined as any other.
 *   ring             Of two jobs that join each other, the one that was started by the other keeps it (EDEADLK).
 *   bad_input        An empty process fails with EINVAL, once it is joined.
 *   ends_itself      A job that is destroyed from inside of itself ends the program, with a message.
 *   throwing         So does an on_done that throws, with the text of that.
 */
#include "dies.hpp"
#include <atomic>
#include <cerrno>
#include <functional>
#include <optional>
#include <procession.hpp>
#include <sys/wait.h>
#include <vector>

namespace {

using namespace std::chrono_literals;

class jobs : public dies {};

/* Waits until it is cancelled, and counts those which have ended. */
auto until_cancelled(std::atomic<int> &ended) {
    return [&ended](const proc::cancel &cancel) {
        EXPECT_TRUE(cancel.wait(gate::deadline()));
        ++ended;
        return cancel.error();
    };
}

TEST_F(jobs, starts) {
    gate may_end;
    proc::job succeeds = proc::start([&] { may_end.wait(); });
    proc::job fails = proc::start([&] { return may_end.wait(), proc::error(EIO, "disk"); });
    EXPECT_TRUE(succeeds.joinable());
    may_end.open();
    EXPECT_NO_THROW(succeeds.join());
    try {
        fails.join();
        FAIL() << "it should have thrown";
    } catch (const proc::failure &failure) {
        EXPECT_STREQ(failure.what(), "disk");
    }
}

TEST_F(jobs, try_join) {
    EXPECT_FALSE(proc::start([] {}).try_join());
    proc::job job = proc::start(proc::task("web", [] { throw std::length_error("too long"); }));
    const proc::error error = job.try_join();
    EXPECT_EQ(error.message(), "web: too long");
    EXPECT_THROW(error.rethrow(), std::length_error);
}

void is_empty(proc::job &job) {
    EXPECT_FALSE(job.joinable());
    EXPECT_FALSE(job.wait());
    EXPECT_EQ(job.try_join().message(), "proc_job_join: job is NULL");
    EXPECT_THROW(job.join(), proc::failure);
    EXPECT_THROW((void)job.fd(), proc::failure);
}

TEST_F(jobs, empty) {
    proc::job none;
    is_empty(none);
    EXPECT_EQ(none.cancel().get(), nullptr);
    proc::job joined = proc::start([] {});
    joined.join();
    is_empty(joined);
    proc::job from = proc::start([] {});
    const proc::job to = std::move(from);
    is_empty(from);
    EXPECT_EQ(from.cancel().get(), nullptr);
}

TEST_F(jobs, moved) {
    std::atomic<int> ended{0};
    proc::job first = proc::start(until_cancelled(ended));
    {
        proc::job second = std::move(first);
        first = std::move(second);
        proc::job &self = first;
        first = std::move(self);
    }
    EXPECT_TRUE(first.joinable());
    EXPECT_FALSE(first.cancel().cancelled());
    EXPECT_EQ(ended, 0);
    first.cancel().trigger({EINTR, "enough"});
    EXPECT_EQ(first.try_join().message(), "enough");
}

TEST_F(jobs, destroyed) {
    std::atomic<int> ended{0};
    {
        const proc::job job = proc::start(until_cancelled(ended));
        EXPECT_EQ(ended, 0);
    }
    EXPECT_EQ(ended, 1);
    proc::job job = proc::start(until_cancelled(ended));
    job = proc::start([] {});
    EXPECT_EQ(ended, 2);
    EXPECT_NO_THROW(job.join());
}

/* What there can be only one of at a time. */
class alone {
  public:
    auto serve() {
        return [this](const proc::cancel &cancel) {
            EXPECT_EQ(++running_, 1);
            begun_.open();
            EXPECT_TRUE(cancel.wait(gate::deadline()));
            --running_;
        };
    }

    /* So many have been begun, in all. */
    void await(int times) { begun_.wait(times); }

  private:
    std::atomic<int> running_{0};
    gate begun_{};
};

TEST_F(jobs, replaced) {
    alone port;
    proc::job job = proc::start(port.serve());
    port.await(1);
    job = proc::start(port.serve());
    port.await(2);
    job = proc::start(port.serve(), proc::cancel());
    port.await(3);
    job = proc::start(port.serve(), proc::cancel(), [] {});
    port.await(4);
    const auto again = [&](bool is_first) {
        job = is_first ? proc::start(port.serve()) : proc::start([] {});
    };
    again(true);
    port.await(5);
    std::optional<proc::job> member = std::move(job);
    member = proc::start(port.serve());
    port.await(6);
    member.emplace(proc::start(port.serve()));
    port.await(7);
    std::vector<proc::job> all;
    all.push_back(std::move(*member));
    all.front() = proc::start(port.serve());
    port.await(8);
    all.front() = std::move(all.front());
    EXPECT_TRUE(all.front().joinable());
}

TEST_F(jobs, begins) {
    std::atomic<int> runs{0};
    gate begun;
    const auto work = [&] {
        ++runs;
        begun.open();
    };
    auto declared = proc::start(work);
    begun.wait(1);
    EXPECT_TRUE(proc::start(work).wait(gate::deadline()));
    EXPECT_FALSE(proc::start(work).try_join());
    EXPECT_GE(proc::start(work).fd(), 0);
    EXPECT_TRUE(proc::start(work).joinable());
    EXPECT_FALSE(proc::start(work).cancel().cancelled());
    std::vector<proc::job> kept;
    kept.push_back(proc::start(work));
    const auto made = std::make_unique<proc::job>(proc::start(work));
    const auto returned = [&] { return proc::start(work); }();
    declared.join();
    kept.front().join();
    made->join();
    EXPECT_TRUE(returned.wait());
    EXPECT_EQ(runs, 9);
}

TEST_F(jobs, thrown_away) {
    std::atomic<int> runs{0};
    const auto counts = [&] { ++runs; };
    (void)proc::start(counts, proc::cancel(), counts);
    EXPECT_EQ(runs, 2);
    (void)proc::start(counts, counts); // Without a handle.
    EXPECT_EQ(runs, 4);
    const auto fails = [&](const proc::job & /* job */) { throw std::length_error("too long"); };
    EXPECT_THROW(fails(proc::start(counts, proc::cancel(), counts)), std::length_error);
    EXPECT_EQ(runs, 6);
}

/* Whether that holds in a child of fork. It ends by a signal: valgrind would look for what is lost in one that exits. */
template <class Holds> bool in_child(Holds &&holds) {
    const pid_t child = fork();
    if (child == 0) {
        alarm(static_cast<unsigned>(gate::deadline() / 1s));
        raise(holds() ? SIGKILL : SIGABRT);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGKILL;
}

TEST_F(jobs, in_a_child) {
    alone port;
    std::atomic<bool> is_hooked{false};
    std::optional<proc::job> job = proc::start(port.serve());
    const proc::hook hook(job->cancel(), [&] { is_hooked = true; });
    port.await(1);
    EXPECT_TRUE(in_child([&] { return job->try_join().code() == EOWNERDEAD && !job->joinable(); }));
    EXPECT_TRUE(in_child([&] { return !job->wait(); }));
    EXPECT_TRUE(in_child([&] { return job.reset(), !is_hooked; }));
    EXPECT_TRUE(in_child([&] {
        job = proc::start([] {});
        return !job->try_join() && !is_hooked;
    }));
    EXPECT_FALSE(job->wait(0s));
    EXPECT_FALSE(is_hooked);
    job.reset();
    EXPECT_TRUE(is_hooked);
}

TEST_F(jobs, under) {
    const proc::cancel above;
    std::atomic<int> ended{0};
    proc::job first = proc::start(until_cancelled(ended), above);
    proc::job second = proc::start(until_cancelled(ended), above);
    first.cancel().trigger({EINTR, "the first"});
    EXPECT_EQ(first.try_join().message(), "the first");
    EXPECT_FALSE(above.cancelled());
    EXPECT_FALSE(second.cancel().cancelled());
    above.trigger({EINTR, "all"});
    EXPECT_EQ(second.try_join().message(), "all");
}

/* What runs now, as proc_dump tells it. */
std::string dumped() {
    const std::unique_ptr<FILE, int (*)(FILE *)> file(std::tmpfile(), std::fclose);
    proc_error_unref(proc_dump(fileno(file.get()), PROC_DUMP_TEXT));
    std::rewind(file.get());
    std::string text(4096, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    return text;
}

TEST_F(jobs, inherits) {
    const auto looks = [] { EXPECT_NE(dumped().find("web"), std::string::npos) << dumped(); };
    proc::job of_handle;
    proc::job of_callable;
    const auto starts = [&](const proc::cancel &cancel) {
        of_handle = proc::start(looks, cancel);
        of_handle.wait();
        of_callable = proc::start(looks);
        of_callable.wait();
    };
    proc::run(proc::task("web", starts));
    of_handle.join();
    of_callable.join();
}

TEST_F(jobs, labelled) {
    const auto looks = [](const proc::cancel &cancel) {
        cancel.label("/report?id=7");
        EXPECT_NE(dumped().find(" \"/report?id=7\", thread "), std::string::npos) << dumped();
        cancel.label(nullptr);
        EXPECT_EQ(dumped().find("/report"), std::string::npos) << dumped();
    };
    proc::start(proc::task("GET", looks)).join();
}

TEST_F(jobs, waits) {
    gate may_end;
    proc::job job = proc::start([&] { may_end.wait(); });
    EXPECT_FALSE(job.wait(0s));
    EXPECT_FALSE(job.wait(1us));
    may_end.open();
    EXPECT_TRUE(job.wait());
    EXPECT_TRUE(job.wait(-1s));
    EXPECT_TRUE(job.joinable());
    job.join();
}

TEST_F(jobs, descriptor) {
    gate may_end;
    proc::job job = proc::start([&] { may_end.wait(); });
    pollfd file{job.fd(), POLLIN, 0};
    EXPECT_EQ(poll(&file, 1, 0), 0);
    may_end.open();
    EXPECT_EQ(poll(&file, 1, static_cast<int>(gate::deadline() / 1ms)), 1);
    EXPECT_EQ(job.fd(), file.fd);
    job.join();
}

TEST_F(jobs, told) {
    gate may_end;
    std::atomic<int> calls{0};
    const auto held = std::make_shared<int>(0);
    proc::job job = proc::start(
        [&] { may_end.wait(); }, proc::cancel(),
        [&, one = std::make_unique<std::shared_ptr<int>>(held)] { calls += **one + 1; });
    proc::job moved = std::move(job);
    EXPECT_EQ(calls, 0);
    may_end.open();
    moved.join();
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(held.use_count(), 1);
}

TEST_F(jobs, told_nobody) {
    void (*const null)() = nullptr;
    EXPECT_FALSE(proc::start([] {}, proc::cancel(), null).try_join());
    EXPECT_FALSE(proc::start([] {}, proc::cancel(), std::function<void()>()).try_join());
}

/* Joining it is refused, from where this is called. */
void refuses(proc::job &job) {
    try {
        job.join();
        ADD_FAILURE() << "it should have thrown";
    } catch (const proc::failure &failure) {
        EXPECT_EQ(failure.error().code(), EDEADLK);
    }
    EXPECT_TRUE(job.joinable());
}

TEST_F(jobs, inside) {
    gate known;
    int refused = 0;
    proc::job job;
    const auto joins = [&] {
        known.wait();
        EXPECT_TRUE(job.inside());
        refuses(job);
        ++refused;
    };
    job = proc::start(proc::group(proc::task("t", joins)), proc::cancel(), joins);
    known.open();
    EXPECT_FALSE(job.inside());
    job.join();
    EXPECT_EQ(refused, 2);
}

TEST_F(jobs, own_deadlock) {
    proc::job job = proc::start([] { return proc::error(EDEADLK, "of its own"); });
    EXPECT_EQ(job.try_join().message(), "of its own");
    EXPECT_FALSE(job.joinable());
}

TEST_F(jobs, ring) {
    gate known;
    proc::job outer;
    bool is_kept = false;
    const auto inner = [&] {
        refuses(outer);
        is_kept = outer.joinable();
    };
    outer = proc::start([&] {
        known.wait();
        proc::start(inner).join();
    });
    known.open();
    outer.join();
    EXPECT_TRUE(is_kept);
}

TEST_F(jobs, bad_input) {
    EXPECT_EQ(proc::start(proc::process()).try_join().message(), "proc_start: impl is NULL");
    const std::function<void()> none;
    EXPECT_EQ(proc::start(none).try_join().message(), "proc_start: impl is NULL");
}

void destroy_inside() {
    gate known;
    std::optional<proc::job> job;
    job.emplace(proc::start([&] {
        known.wait();
        job.reset();
    }));
    known.open();
    pause();
}

TEST_F(jobs, ends_itself) {
    EXPECT_EXIT(destroy_inside(), testing::KilledBySignal(SIGABRT),
                "proc_job_join: the job cannot be joined from inside of itself");
}

void throw_when_told() {
    proc::start([] {}, proc::cancel(), [] { throw std::runtime_error("lost"); }).join();
    _exit(0);
}

TEST_F(jobs, throwing) {
    EXPECT_EXIT(throw_when_told(), testing::KilledBySignal(SIGABRT), "std::runtime_error.*lost");
}

} // namespace
