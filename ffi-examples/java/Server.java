// Connections that an executor serves, as children of a nursery. What one must know about that is in README.md.
//
//     mvn dependency:copy-dependencies
//     javac -cp 'target/dependency/*' -d target/classes *.java
//     java -cp 'target/dependency/*:target/classes' Server
//
// It serves on a free port of 127.0.0.1, which it prints: try `nc 127.0.0.1 PORT`. For each number that a client sends, it gets
// twice that. On SIGINT or SIGTERM the server closes every connection and exits with 0.
import com.sun.jna.Pointer;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

public class Server {
    static final Procession.Api lib = Procession.lib;
    static final int MOST = 16; // connections at a time; further ones wait

    final ExecutorService executor = Executors.newCachedThreadPool();
    final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    int served;

    Server() throws IOException {}

    /** What is no number throws: the error of this connection. */
    void serve(Socket socket) {
        try (socket; BufferedReader lines = new BufferedReader(new InputStreamReader(socket.getInputStream()))) {
            for (String line; (line = lines.readLine()) != null;)
                socket.getOutputStream().write((2 * Long.parseLong(line) + "\n").getBytes());
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        } finally {
            sockets.remove(socket);
        }
    }

    /** The body, on the thread that called proc_main. */
    Pointer accept(Pointer nursery, Pointer cancel) throws IOException {
        try (Procession.Hook hook = Procession.onCancel(cancel, this::stop)) {
            Pointer refused;
            do
                refused = spawn(nursery, listener.accept());
            while (refused == null);
            return refused;
        } catch (SocketException problem) {
            if (!listener.isClosed())
                throw problem;
            return lib.proc_cancel_error(cancel);
        } finally {
            stop(); // The hook may have been taken away before it was called.
        }
    }

    /**
     * The executor serves the connection, and completes the promise that a child of the nursery awaits. This waits while
     * there are as many children as may be.
     */
    Pointer spawn(Pointer nursery, Socket socket) {
        sockets.add(socket);
        Pointer promise = lib.proc_promise_new();
        Pointer refused = lib.proc_spawn(nursery, lib.proc_task("connection", lib.proc_await(promise)));
        if (refused != null) {
            lib.proc_promise_unref(promise);
            return refused;
        }
        served++;
        CompletableFuture.runAsync(() -> serve(socket), executor)
            .whenComplete((nothing, problem) -> complete(promise, problem));
        return null;
    }

    /** That `stop` closes a connection is no failure of it. */
    void complete(Pointer promise, Throwable problem) {
        boolean failed = problem != null && !listener.isClosed();
        lib.proc_promise_complete(promise, failed ? Procession.errorOf(problem.getCause()) : null);
        lib.proc_promise_unref(promise);
    }

    /** The nursery is cancelled. That ends what awaits the promises, but not what Java does. On any thread. */
    void stop() {
        close(listener);
        sockets.forEach(Server::close);
    }

    static void close(Closeable what) {
        try {
            what.close();
        } catch (IOException problem) {
            System.err.println(problem.getMessage());
        }
    }

    /** A connection has failed, and the others go on. It runs on the thread where the child ended. */
    static Pointer logFailure(Pointer error) {
        System.err.println(lib.proc_error_message(error));
        lib.proc_error_unref(error);
        return null;
    }

    public static void main(String[] arguments) throws Exception {
        Server server = new Server();
        System.out.println("server: 127.0.0.1:" + server.listener.getLocalPort());
        Pointer nursery = Procession.nursery(MOST, server::accept, Server::logFailure);
        Pointer error = lib.proc_main(lib.proc_task("server", nursery));
        server.executor.shutdown();
        if (!server.executor.awaitTermination(30, TimeUnit.SECONDS))
            System.err.println("some connections go on");
        System.out.println("server: stopped after " + server.served + " connections");
        System.exit(lib.proc_exit_status(error));
    }
}
