import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The C API as Java's own foreign function interface calls it, and processes that are lambdas. */
final class Procession {
    static final long FOREVER = -1;
    static final MemorySegment NULL = MemorySegment.NULL;

    /** The body of a process: it returns NULL or an error, or throws. */
    interface Body {
        MemorySegment run(MemorySegment cancel) throws Exception;
    }

    /** The body of a nursery. */
    interface NurseryBody {
        MemorySegment run(MemorySegment nursery, MemorySegment cancel) throws Exception;
    }

    /** An exception that has a code. */
    static final class Failure extends Exception {
        final int code;

        Failure(int code, String message) {
            super(message);
            this.code = code;
        }
    }

    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LIBRARY =
            SymbolLookup.libraryLookup("libprocession.so.0.2", Arena.global()).or(LINKER.defaultLookup());
    // A pointer to a text: Java may read it to its end.
    private static final AddressLayout TEXT =
            ValueLayout.ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(Long.MAX_VALUE, ValueLayout.JAVA_BYTE));
    private static final Map<Character, MemoryLayout> LAYOUTS = Map.of(
            'p', ValueLayout.ADDRESS, 't', TEXT, 'i', ValueLayout.JAVA_INT, 'l', ValueLayout.JAVA_LONG, 'z', ValueLayout.JAVA_BOOLEAN);
    private static final Map<String, MethodHandle> FUNCTIONS = new ConcurrentHashMap<>();

    /** What the library holds is only a number: what it stands for is kept here, until it is released. */
    static final Map<Long, Object> kept = new ConcurrentHashMap<>();
    private static final AtomicLong lastNumber = new AtomicLong();

    private static final MemorySegment CALL = upcall("call", "ppp");
    private static final MemorySegment CALL_NURSERY = upcall("callNursery", "pppp");
    private static final MemorySegment RELEASE = upcall("release", "vp");

    /** A type for the result, `v` for none, and one for each parameter: pointer, text, int, 64 bits, bool. */
    private static FunctionDescriptor descriptor(String types) {
        MemoryLayout[] parameters = types.substring(1).chars().mapToObj(c -> LAYOUTS.get((char) c)).toArray(MemoryLayout[]::new);
        return types.charAt(0) == 'v'
                ? FunctionDescriptor.ofVoid(parameters)
                : FunctionDescriptor.of(LAYOUTS.get(types.charAt(0)), parameters);
    }

    /** Calls a function of the library. A hot one is worth a constant of its own, and `invokeExact`. */
    static Object call(String name, String types, Object... arguments) {
        MethodHandle function = FUNCTIONS.computeIfAbsent(
                name, _ -> LINKER.downcallHandle(LIBRARY.find(name).orElseThrow(), descriptor(types)));
        try {
            return function.invokeWithArguments(arguments);
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    static MemorySegment pointer(String name, String types, Object... arguments) {
        return (MemorySegment) call(name, "p" + types, arguments);
    }

    private static MemorySegment upcall(String name, String types) {
        try {
            MethodType type = descriptor(types).toMethodType();
            MethodHandle method = MethodHandles.lookup().findStatic(Procession.class, name, type);
            return LINKER.upcallStub(method, descriptor(types), Arena.global());
        } catch (ReflectiveOperationException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static MemorySegment call(MemorySegment cancel, MemorySegment number) {
        return resultOf(() -> ((Body) kept.get(number.address())).run(cancel));
    }

    private static MemorySegment callNursery(MemorySegment nursery, MemorySegment cancel, MemorySegment number) {
        return resultOf(() -> ((NurseryBody) kept.get(number.address())).run(nursery, cancel));
    }

    private static void release(MemorySegment number) {
        kept.remove(number.address());
    }

    private interface Callback {
        MemorySegment run() throws Exception;
    }

    /** What a callback returns. An exception that left it would end the program. */
    private static MemorySegment resultOf(Callback callback) {
        try {
            return callback.run();
        } catch (Throwable exception) {
            return errorOf(exception);
        }
    }

    private static MemorySegment keep(Object body) {
        long number = lastNumber.incrementAndGet();
        kept.put(number, body);
        return MemorySegment.ofAddress(number);
    }

    static MemorySegment process(Body body) {
        return pointer("proc_new", "ppp", CALL, keep(body), RELEASE);
    }

    static MemorySegment nursery(NurseryBody body) {
        return pointer("proc_with_nursery", "pppp", CALL_NURSERY, keep(body), RELEASE, NULL);
    }

    static MemorySegment task(String name, MemorySegment impl) {
        try (Arena arena = Arena.ofConfined()) {
            return pointer("proc_task", "pp", arena.allocateFrom(name), impl);
        }
    }

    static MemorySegment several(String combine, MemorySegment... children) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment array = arena.allocate(ValueLayout.ADDRESS, children.length);
            for (int i = 0; i < children.length; i++) {
                array.setAtIndex(ValueLayout.ADDRESS, i, children[i]);
            }
            return pointer(combine, "pl", array, (long) children.length);
        }
    }

    /** The process that waits for a future. What that fails with is its error. */
    static MemorySegment awaited(CompletableFuture<?> future) {
        MemorySegment promise = pointer("proc_promise_new", "");
        MemorySegment impl = pointer("proc_await", "p", promise);
        future.whenComplete((_, exception) -> {
            call("proc_promise_complete", "zpp", promise, exception == null ? NULL : errorOf(exception));
            call("proc_promise_unref", "vp", promise);
        });
        return impl;
    }

    static MemorySegment errorOf(Throwable exception) {
        try (Arena arena = Arena.ofConfined()) {
            int code = exception instanceof Failure failure ? failure.code : -1;
            String message = exception instanceof Failure ? exception.getMessage() : exception.toString();
            return pointer("proc_error_new", "ip", code, arena.allocateFrom(message));
        }
    }

    /** A text that the library has lent. */
    static String text(String name, MemorySegment of) {
        MemorySegment text = (MemorySegment) call(name, "tp", of);
        return text.equals(NULL) ? null : text.getString(0);
    }

    private Procession() {}
}
