"""server_check.py FULL COMMAND…: whether the server that the command starts does what it should. FULL is what it does while it
has as many connections as may be there: `busy`, it says so to a further one and closes it; `waits`, that one has to wait. Laws:

    serves     Several clients at the same time each get their own answers, in order.
    failures   A connection that fails is closed, which is told in one line on standard error. The others go on.
    full       While there are as many connections as may be, a further one is told so, or waits; then there is a place again.
    leaves     A connection that its client closes is closed, and told nowhere.
    stops      At SIGTERM it closes all connections, says how many there were, and exits with 0.
"""
import signal
import socket
import subprocess
import sys

MOST = 16  # connections at a time
PATIENCE = 60  # seconds, for all of it


def check(truth, what):
    if not truth:
        sys.exit(f"server_check.py: {what}")


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.answers = self.socket.makefile("rb")

    def send(self, text):
        self.socket.sendall(text.encode())

    def expect(self, *answers):
        for answer in answers:
            line = self.answers.readline().decode()
            check(line == f"{answer}\n", f"a client gets {line!r}, not {answer}")

    def expect_end(self):
        try:
            rest = self.answers.read()
        except ConnectionResetError:  # It was closed before the server had read all.
            rest = b""
        check(rest == b"", f"a client gets {rest!r}, not the end")

    def close(self):
        self.answers.close()
        self.socket.close()


def serves(clients):
    for number, client in enumerate(clients):
        client.send(f"{number}\n{number + 100}\n-7")
    for number, client in enumerate(clients):
        client.expect(2 * number, 2 * number + 200)
        client.send("0\n")
        client.expect(-140)


def fails(client, errors):
    client.send("three\n")
    client.expect_end()
    client.close()
    line = errors.readline()
    check(line.startswith("connection: ") and "three" in line, f"a connection's failure is told by {line!r}")


def full(port, mode, leaver):
    """All places are taken until one leaves. Returns the client that has the place."""
    client = Client(port)
    if mode == "busy":
        client.expect("busy")
        client.expect_end()
        client.close()
        leaver.close()
        return client_with_a_place(port)
    client.send("21\n")
    client.socket.settimeout(0.1)
    try:
        check(client.socket.recv(1) is None, "there are more connections than may be")
    except TimeoutError:
        client.socket.settimeout(None)
    leaver.close()
    client.expect(42)
    return client


def client_with_a_place(port):
    """The place of who has left is free some time later."""
    while True:
        client = Client(port)
        try:
            client.send("21\n")
            answer = client.answers.readline()
        except ConnectionError:  # It was closed before the server had read that.
            answer = b"busy\n"
        if answer == b"42\n":
            return client
        check(answer == b"busy\n", f"a client gets {answer!r}")
        client.close()


def run(mode, server):
    start = server.stdout.readline()
    check(start.startswith("server: 127.0.0.1:"), f"the server begins with {start!r}")
    port = int(start.rpartition(":")[2])
    clients = [Client(port) for _ in range(MOST)]
    serves(clients)
    clients.append(full(port, mode, clients.pop()))
    fails(clients.pop(), server.stderr)
    serves(clients)
    server.send_signal(signal.SIGTERM)
    for client in clients:
        client.expect_end()
        client.close()
    output, errors = server.communicate()
    check(output == f"server: stopped after {MOST + 1} connections\n", f"the server ends with {output!r}, {errors!r} and status {server.returncode}")
    check(errors == "", f"the server says {errors!r}")
    check(server.returncode == 0, f"the server exits with {server.returncode}")


def main(mode, *command):
    signal.signal(signal.SIGALRM, lambda *_: check(False, "it takes too long"))
    signal.alarm(PATIENCE)
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as server:
        try:
            run(mode, server)
        except BaseException:
            server.kill()
            if not server.stderr.closed:
                sys.stderr.write(server.stderr.read())
            raise
    print(f"the server has served {MOST + 1} connections, and stopped")


main(*sys.argv[1:])
