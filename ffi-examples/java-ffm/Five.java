import static java.util.stream.Collectors.joining;
import static java.util.stream.LongStream.range;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A group of callbacks of which one fails, the tree of its errors, a nursery, promises and a signal: see README.md. */
final class Five {
    private static final int SIGTERM = 15;
    private static final int EIO = 5;
    private static final int ENOSPC = 28;
    private static final int MANY = 5000;

    private static void check(boolean truth, String what) {
        if (!truth) {
            System.err.println("Five: " + what);
            System.exit(1);
        }
    }

    private static Stream<String> tree(MemorySegment error, String indent) {
        String task = Procession.text("proc_error_task_type", error);
        long count = (long) Procession.call("proc_error_count", "lp", error);
        if (task != null) {
            return Stream.concat(
                    Stream.of(indent + "task " + task), tree(Procession.pointer("proc_error_cause", "p", error), indent + "  "));
        }
        if (count > 1) {
            return Stream.concat(
                    Stream.of(indent + count + " errors"),
                    range(0, count).boxed().flatMap(i -> tree(Procession.pointer("proc_error_at", "pl", error, i), indent + "  ")));
        }
        return Stream.of(indent + "code " + Procession.call("proc_error_code", "ip", error) + ": "
                + Procession.text("proc_error_message", error));
    }

    private static MemorySegment untilCancelled(MemorySegment cancel) {
        Procession.call("proc_wait", "zpl", cancel, Procession.FOREVER);
        return Procession.pointer("proc_cancel_error", "p", cancel);
    }

    /** One of three fails, the others are cancelled, and one of them fails to stop. */
    private static void shop() {
        CyclicBarrier all = new CyclicBarrier(3);
        MemorySegment web = Procession.process(cancel -> {
            all.await();
            return untilCancelled(cancel);
        });
        MemorySegment log = Procession.process(cancel -> {
            all.await();
            Procession.call("proc_error_unref", "vp", untilCancelled(cancel));
            throw new Procession.Failure(ENOSPC, "the log is cut short");
        });
        MemorySegment disk = Procession.process(_ -> {
            all.await();
            throw new Procession.Failure(EIO, "the disk is on fire");
        });
        MemorySegment group = Procession.several("proc_group",
                Procession.task("web", web), Procession.task("log", log), Procession.task("disk", disk));
        MemorySegment error = Procession.pointer("proc_run", "pp", Procession.task("shop", group), Procession.NULL);
        String lines = tree(error, "").collect(joining("\n"));
        System.out.println(lines);
        check(lines.equals("task shop\n  2 errors\n    task disk\n      code 5: the disk is on fire\n"
                + "    task log\n      code 28: the log is cut short"), "the tree is another one");
        Procession.call("proc_error_unref", "vp", error);
    }

    private static long threads() throws Exception {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.count();
        }
    }

    /** A nursery with 5,000 children that are futures. Half of them are completed; SIGTERM stops the rest. */
    private static void server() throws Exception {
        long before = threads();
        long[] most = new long[1];
        var futures = IntStream.range(0, MANY).mapToObj(_ -> new CompletableFuture<Void>()).toList();
        MemorySegment server = Procession.nursery((nursery, cancel) -> {
            for (var future : futures) {
                MemorySegment refused = Procession.pointer("proc_spawn", "pp", nursery, Procession.awaited(future));
                check(refused.equals(Procession.NULL), "a child is refused");
            }
            futures.subList(0, MANY / 2).forEach(future -> future.complete(null));
            while ((long) Procession.call("proc_nursery_count", "lp", nursery) > MANY / 2) {
                Procession.call("proc_wait", "zpl", cancel, 1_000_000L);
            }
            most[0] = threads() - before;
            Procession.call("kill", "iii", (int) ProcessHandle.current().pid(), SIGTERM);
            return untilCancelled(cancel);
        });
        MemorySegment error = Procession.pointer("proc_main", "p", Procession.task("server", server));
        check(error.equals(Procession.NULL), "a stop by SIGTERM is an error");
        check(most[0] < MANY / 10, MANY + " pending children have " + most[0] + " threads");
        futures.forEach(future -> future.complete(null));
        System.out.println(MANY + " pending children, " + most[0] + " more threads; stopped by SIGTERM");
    }

    /** A future that fails fails what awaits it. */
    private static void failure() {
        CompletableFuture<Void> future = new CompletableFuture<>();
        MemorySegment awaited = Procession.awaited(future);
        future.completeExceptionally(new Procession.Failure(EIO, "no answer"));
        MemorySegment error = Procession.pointer("proc_run", "pp", awaited, Procession.NULL);
        check(Objects.equals(Procession.text("proc_error_message", error), "no answer"), "a future has not failed");
        Procession.call("proc_error_unref", "vp", error);
    }

    public static void main(String[] arguments) throws Exception {
        shop();
        server();
        failure();
        check(Procession.kept.isEmpty(), Procession.kept.size() + " bodies are left");
    }

    private Five() {}
}
