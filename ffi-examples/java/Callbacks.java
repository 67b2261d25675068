// Processes whose callbacks are Java lambdas. What one must know about that is in README.md.
//
//     mvn dependency:copy-dependencies
//     java -cp 'target/dependency/*' Callbacks.java
import com.sun.jna.Callback;
import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;

public class Callbacks {
    // size_t and int64_t are a long. A C bool is one byte, which JNA's boolean is not.
    public interface Procession extends Library {
        interface Function extends Callback {
            Pointer call(Pointer cancel, Pointer userData);
        }

        interface Destroy extends Callback {
            void release(Pointer userData);
        }

        Pointer proc_new(Function function, Pointer userData, Destroy destroy);
        Pointer proc_concurrent(Pointer[] impls, long count);
        Pointer proc_group(Pointer[] impls, long count);
        Pointer proc_task(String taskType, Pointer impl);
        Pointer proc_run(Pointer impl, Pointer cancel);

        Pointer proc_error_new(int code, String message);
        void proc_error_unref(Pointer error);
        int proc_error_code(Pointer error);
        String proc_error_message(Pointer error);
        String proc_error_task_type(Pointer error);
        Pointer proc_error_cause(Pointer error);
        long proc_error_count(Pointer error);
        Pointer proc_error_at(Pointer error, long index);
        Pointer proc_error_find_task(Pointer error, String taskType);

        byte proc_wait(Pointer cancel, long timeoutNs);
        Pointer proc_cancel_error(Pointer cancel);
        Pointer proc_cancel_cause(Pointer cancel);
    }

    static final Procession lib = Native.load("libprocession.so.0.1", Procession.class,
        Map.of(Library.OPTION_STRING_ENCODING, "UTF-8"));
    static final long FOREVER = -1;
    static final int EIO = 5;
    static final int ENOSPC = 28;

    /** What a process does: it returns an error or null, or throws. */
    interface Body {
        Pointer run(Pointer cancel) throws Exception;
    }

    /** An exception with a code. */
    static class Failure extends Exception {
        final int code;

        Failure(int code, String message) {
            super(message);
            this.code = code;
        }
    }

    // What the library holds: only numbers, and what they stand for is kept here until it is released. The two callbacks
    // that it calls live as long as the class does.
    static final Map<Long, Body> bodies = new ConcurrentHashMap<>();
    static final AtomicLong lastNumber = new AtomicLong();
    static final AtomicInteger releases = new AtomicInteger();
    static final Procession.Function CALL = Callbacks::call;
    static final Procession.Destroy RELEASE = Callbacks::release;

    static Pointer process(Body body) {
        long number = lastNumber.incrementAndGet();
        bodies.put(number, body);
        return lib.proc_new(CALL, new Pointer(number), RELEASE);
    }

    // JNA prints an exception that leaves a callback, and returns null for it: success.
    static Pointer call(Pointer cancel, Pointer userData) {
        try {
            return bodies.get(Pointer.nativeValue(userData)).run(cancel);
        } catch (Failure failure) {
            return lib.proc_error_new(failure.code, failure.getMessage());
        } catch (Throwable problem) {
            return lib.proc_error_new(-1, problem.toString());
        }
    }

    static void release(Pointer userData) {
        bodies.remove(Pointer.nativeValue(userData));
        releases.incrementAndGet();
    }

    static Pointer task(String name, Body body) {
        return lib.proc_task(name, process(body));
    }

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
        Body wait = cancel -> {
            allWait.countDown();
            lib.proc_wait(cancel, FOREVER);
            causes.add(lib.proc_error_code(lib.proc_cancel_cause(cancel)));
            return lib.proc_cancel_error(cancel);
        };
        Body writeLog = cancel -> {
            lib.proc_error_unref(wait.run(cancel));
            throw new Failure(ENOSPC, "the log is cut short");
        };
        Body useDisk = cancel -> {
            check(allWait.await(30, TimeUnit.SECONDS), "the others do not wait");
            throw new Failure(EIO, "the disk is on fire");
        };
        Pointer[] children = {task("web", wait), task("mail", wait), task("log", writeLog), task("disk", useDisk)};
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
        Body child = cancel -> {
            allMeet.await(30, TimeUnit.SECONDS);
            callbacks.computeIfAbsent(Thread.currentThread(), thread -> new AtomicInteger()).incrementAndGet();
            return null;
        };
        for (int round = 0; round < rounds; round++) {
            Pointer[] impls = Stream.generate(() -> process(child)).limit(children).toArray(Pointer[]::new);
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

    public static void main(String[] arguments) {
        // Each thread of the library becomes a Java thread at its first callback and stays one; being a daemon, it
        // does not keep the program from ending.
        for (Callback callback : List.of(CALL, RELEASE))
            Native.setCallbackThreadInitializer(callback, new CallbackThreadInitializer(true, false, "procession"));
        shop();
        meet(100, 101);
        System.out.println(releases + " releases");
        check(bodies.isEmpty() && releases.get() == 4 + 100 * 101, bodies.size() + " bodies are left");
    }
}
