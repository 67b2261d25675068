import com.sun.jna.Callback;
import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The C API as JNA calls it, and processes that are Java lambdas. What one must know about that is in README.md. */
public class Procession {
    // size_t and int64_t are a long. A C bool is one byte, which JNA's boolean is not.
    public interface Api extends Library {
        interface Function extends Callback {
            Pointer call(Pointer cancel, Pointer userData);
        }

        interface Destroy extends Callback {
            void release(Pointer userData);
        }

        interface NurseryFunction extends Callback {
            Pointer call(Pointer nursery, Pointer cancel, Pointer userData);
        }

        interface FailureFunction extends Callback {
            Pointer call(Pointer error, Pointer userData);
        }

        interface HookFunction extends Callback {
            void call(Pointer userData);
        }

        Pointer proc_new(Function function, Pointer userData, Destroy destroy);
        Pointer proc_concurrent(Pointer[] impls, long count);
        Pointer proc_group(Pointer[] impls, long count);
        Pointer proc_task(String taskType, Pointer impl);
        Pointer proc_run(Pointer impl, Pointer cancel);
        Pointer proc_main(Pointer impl);
        int proc_exit_status(Pointer error);

        Pointer proc_with_nursery(NurseryFunction body, Pointer userData, Destroy destroy, NurseryOptions options);
        Pointer proc_spawn(Pointer nursery, Pointer impl);
        long proc_nursery_count(Pointer nursery);

        Pointer proc_promise_new();
        void proc_promise_unref(Pointer promise);
        byte proc_promise_complete(Pointer promise, Pointer error);
        Pointer proc_await(Pointer promise);

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
        Pointer proc_on_cancel(Pointer cancel, HookFunction function, Pointer userData);
        void proc_hook_remove(Pointer hook);
    }

    @Structure.FieldOrder({"size", "limit", "onFailure", "userData"})
    public static class NurseryOptions extends Structure {
        public long size = size();
        public long limit;
        public Api.FailureFunction onFailure;
        public Pointer userData;
    }

    static final Api lib = Native.load("libprocession.so.0.2", Api.class, Map.of(Library.OPTION_STRING_ENCODING, "UTF-8"));
    static final long FOREVER = -1;

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

    /** What a nursery does: it spawns children, and returns an error or null, or throws. */
    interface NurseryBody {
        Pointer run(Pointer nursery, Pointer cancel) throws Exception;
    }

    /** What a child's error passes through: it takes the error over, and returns one or null. */
    interface OnFailure {
        Pointer run(Pointer error) throws Exception;
    }

    record Nursery(NurseryBody body, OnFailure onFailure) {}

    /** What is called when a handle is cancelled, until it is closed. */
    record Hook(long number, Pointer hook) implements AutoCloseable {
        @Override
        public void close() {
            lib.proc_hook_remove(hook);
            kept.remove(number);
        }
    }

    // What the library holds: only numbers, and what they stand for is kept here until it is released. The callbacks that
    // it calls live as long as the class does.
    static final Map<Long, Object> kept = new ConcurrentHashMap<>();
    static final AtomicLong lastNumber = new AtomicLong();
    static final AtomicInteger releases = new AtomicInteger();
    static final Api.Function CALL =
        (cancel, number) -> resultOf(() -> keptAs(Body.class, number).run(cancel));
    static final Api.NurseryFunction CALL_BODY =
        (nursery, cancel, number) -> resultOf(() -> keptAs(Nursery.class, number).body.run(nursery, cancel));
    static final Api.FailureFunction CALL_FAILURE =
        (error, number) -> resultOf(() -> keptAs(Nursery.class, number).onFailure.run(error));
    static final Api.HookFunction CALL_HOOK = number -> keptAs(Runnable.class, number).run();
    static final Api.Destroy RELEASE = Procession::release;

    static {
        // Each thread of the library becomes a Java thread at its first callback and stays one; being a daemon, it
        // does not keep the program from ending.
        for (Callback callback : List.of(CALL, CALL_BODY, CALL_FAILURE, CALL_HOOK, RELEASE))
            Native.setCallbackThreadInitializer(callback, new CallbackThreadInitializer(true, false, "procession"));
    }

    static Pointer process(Body body) {
        return lib.proc_new(CALL, new Pointer(keep(body)), RELEASE);
    }

    static Pointer task(String name, Body body) {
        return lib.proc_task(name, process(body));
    }

    /** With so many children at a time. */
    static Pointer nursery(int limit, NurseryBody body, OnFailure onFailure) {
        NurseryOptions options = new NurseryOptions();
        options.limit = limit;
        options.onFailure = CALL_FAILURE;
        options.userData = new Pointer(keep(new Nursery(body, onFailure)));
        return lib.proc_with_nursery(CALL_BODY, options.userData, RELEASE, options);
    }

    static Hook onCancel(Pointer cancel, Runnable called) {
        long number = keep(called);
        return new Hook(number, lib.proc_on_cancel(cancel, CALL_HOOK, new Pointer(number)));
    }

    /** The error that stands for a problem. It is to be returned, or handed over otherwise. */
    static Pointer errorOf(Throwable problem) {
        if (problem instanceof Failure failure)
            return lib.proc_error_new(failure.code, failure.getMessage());
        return lib.proc_error_new(-1, problem.toString());
    }

    // JNA prints an exception that leaves a callback, and returns null for it: success.
    private static Pointer resultOf(Callable<Pointer> body) {
        try {
            return body.call();
        } catch (Throwable problem) {
            return errorOf(problem);
        }
    }

    private static long keep(Object what) {
        long number = lastNumber.incrementAndGet();
        kept.put(number, what);
        return number;
    }

    private static <T> T keptAs(Class<T> type, Pointer number) {
        return type.cast(kept.get(Pointer.nativeValue(number)));
    }

    private static void release(Pointer number) {
        kept.remove(Pointer.nativeValue(number));
        releases.incrementAndGet();
    }
}
