// Processes whose callbacks are Java lambdas. What one must know about that is in README.md.
//
//     mvn dependency:copy-dependencies
//     javac -cp 'target/dependency/*' -d target/classes *.java
//     java -cp 'target/dependency/*:target/classes' Callbacks
import com.sun.jna.Pointer;
import java.io.File;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;

public class Callbacks {
    static final Procession.Api lib = Procession.lib;
    static final int EIO = 5;
    static final int ENOSPC = 28;

    static void check(boolean truth, String what) {
        if (!truth) {
            System.err.println("Callbacks: " + what);
            System.exit(1);
        }
    }

    static void printTree(Pointer error, String indent) {
        long count = lib.proc_error_count(error);
        if (lib.proc_error_task_type(error) != null) {
            System.out.println(indent + "task " + lib.proc_error_task_type(error));
            printTree(lib.proc_error_cause(error), indent + "  ");
        } else if (count > 1) {
            System.out.println(indent + count + " errors");
            for (long i = 0; i < count; i++)
                printTree(lib.proc_error_at(error, i), indent + "  ");
        } else {
            System.out.println(indent + "code " + lib.proc_error_code(error) + ": " + lib.proc_error_message(error));
        }
    }

    /** One of four fails; the others wait, see that, and stop. One of them fails to. */
    static void shop() {
        CountDownLatch allWait = new CountDownLatch(3);
        ConcurrentLinkedQueue<Integer> causes = new ConcurrentLinkedQueue<>();
        Procession.Body wait = cancel -> {
            allWait.countDown();
            lib.proc_wait(cancel, Procession.FOREVER);
            causes.add(lib.proc_error_code(lib.proc_cancel_cause(cancel)));
            return lib.proc_cancel_error(cancel);
        };
        Procession.Body writeLog = cancel -> {
            lib.proc_error_unref(wait.run(cancel));
            throw new Procession.Failure(ENOSPC, "the log is cut short");
        };
        Procession.Body useDisk = cancel -> {
            check(allWait.await(30, TimeUnit.SECONDS), "the others do not wait");
            throw new Procession.Failure(EIO, "the disk is on fire");
        };
        Pointer[] children = {Procession.task("web", wait), Procession.task("mail", wait), Procession.task("log", writeLog), Procession.task("disk", useDisk)};
        Pointer error = lib.proc_run(lib.proc_task("shop", lib.proc_group(children, children.length)), null);
        printTree(error, "");
        check(List.copyOf(causes).equals(List.of(EIO, EIO, EIO)), "the causes of three cancellations are " + causes);
        checkTree(error);
        lib.proc_error_unref(error);
    }

    static void checkTree(Pointer error) {
        check("shop".equals(lib.proc_error_task_type(error)), "the outermost task is not the shop");
        Pointer errors = lib.proc_error_cause(error);
        List<String> messages = IntStream.range(0, (int) lib.proc_error_count(errors))
            .mapToObj(i -> lib.proc_error_message(lib.proc_error_at(errors, i))).toList();
        List<String> expected = List.of("disk: the disk is on fire", "log: the log is cut short");
        check(messages.equals(expected), "the errors are " + messages);
        check(lib.proc_error_code(lib.proc_error_find_task(error, "log")) == ENOSPC, "the log's error is not found");
        check(lib.proc_error_find_task(error, "web") == null, "who stopped as asked is listed");
    }

    /** Children that wait for each other, so that each needs a thread: one has the caller's, the others the library's. */
    static void meet(int rounds, int children) {
        CyclicBarrier allMeet = new CyclicBarrier(children);
        Map<Thread, AtomicInteger> callbacks = new ConcurrentHashMap<>();
        Procession.Body child = cancel -> {
            allMeet.await(30, TimeUnit.SECONDS);
            callbacks.computeIfAbsent(Thread.currentThread(), thread -> new AtomicInteger()).incrementAndGet();
            return null;
        };
        for (int round = 0; round < rounds; round++) {
            Pointer[] impls = Stream.generate(() -> Procession.process(child)).limit(children).toArray(Pointer[]::new);
            System.gc(); // What is not kept alive would go now.
            Pointer error = lib.proc_run(lib.proc_concurrent(impls, children), null);
            check(error == null, lib.proc_error_message(error));
        }
        AtomicInteger onCaller = callbacks.remove(Thread.currentThread());
        int onLibraryThreads = callbacks.values().stream().mapToInt(AtomicInteger::get).sum();
        System.out.println(onLibraryThreads + " callbacks on " + callbacks.size() + " threads of the library");
        int all = onLibraryThreads + (onCaller == null ? 0 : onCaller.get());
        check(all == rounds * children, "there were " + all + " callbacks");
        check(onLibraryThreads >= rounds * (children - 1), "the library's threads had too few of them");
    }

    /** What is to complete the promises that children of a nursery await has not come to that yet. What waits takes no thread. */
    static void pending(int many) {
        CompletableFuture<Void> answer = new CompletableFuture<>();
        Procession.NurseryBody body = (nursery, cancel) -> {
            for (int i = 0; i < many; i++) {
                Pointer promise = lib.proc_promise_new();
                check(lib.proc_spawn(nursery, lib.proc_await(promise)) == null, "an operation was refused");
                answer.thenRun(() -> {
                    lib.proc_promise_complete(promise, null);
                    lib.proc_promise_unref(promise);
                });
            }
            int threads = new File("/proc/self/task").list().length;
            check(lib.proc_nursery_count(nursery) == many, "some operations are not pending");
            check(threads < many / 10, many + " pending operations have " + threads + " threads");
            System.out.println(many + " pending operations, " + threads + " threads");
            answer.complete(null);
            return null;
        };
        Pointer error = lib.proc_run(Procession.nursery(0, body, failure -> failure), null);
        check(error == null, lib.proc_error_message(error));
    }

    public static void main(String[] arguments) {
        shop();
        pending(5000);
        meet(100, 101);
        System.out.println(Procession.releases + " releases");
        check(Procession.kept.isEmpty() && Procession.releases.get() == 4 + 1 + 100 * 101, Procession.kept.size() + " bodies are left");
    }
}
