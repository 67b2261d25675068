#!/usr/bin/env bash
# deploy.sh unit|manifest|held SERVER
# Checks what is in ../deploy against the server: its command line is understood, the service manager waits for longer than
# the server takes to drain and to be ended, and systemd finds nothing wrong with the unit.
set -euo pipefail
cd "$(dirname "$0")/../deploy"
what=$1 server=$2
installed=/usr/local/bin/hit_counter

fail() {
    echo "deploy: $*" >&2
    exit 1
}

# What that Python expression finds in the manifest's pod, a line each.
pod() {
    python3 - "$1" <<'END'
import sys, yaml

with open("hit_counter.yaml", encoding="utf-8") as file:
    objects = {one["kind"]: one for one in yaml.safe_load_all(file)}
pod = objects["StatefulSet"]["spec"]["template"]["spec"]
[container] = pod["containers"]
print(*eval(sys.argv[1]), sep="\n")
END
}

# The command line, a word a line.
command_line() {
    case $what in
    unit) sed -n 's/^ExecStart=//p' hit_counter.service | tr ' ' '\n' ;;
    manifest) pod 'container["command"]' ;;
    esac
}

# How many seconds the service manager waits before it kills.
patience() {
    case $what in
    unit) sed -n 's/^TimeoutStopSec=//p' hit_counter.service ;;
    manifest) pod '[pod["terminationGracePeriodSeconds"]]' ;;
    esac
}

# The milliseconds of an option, with = or a line's end before them; 0 if it is not there.
milliseconds() { command_line | tr '=' '\n' | awk -v option="$1" 'last == option { ms = $0 } { last = $0 } END { print ms + 0 }'; }

# The server reads its options in turn, so it has understood all that come before --help.
check_command_line() {
    local words
    mapfile -t words < <(command_line)
    [ "${words[0]:-}" = $installed ] || fail "it does not run $installed: ${words[*]}"
    "$server" "${words[@]:1}" --help >/dev/null || fail "the server does not understand: ${words[*]}"
    ! "$server" "${words[@]:1}" --nonsense --help >/dev/null 2>&1 || fail "the server understands everything"
}

check_patience() {
    local needed wait
    needed=$(($(milliseconds --drain-ms) + $(milliseconds --grace-ms)))
    wait=$(($(patience) * 1000))
    [ $needed -gt 0 ] || fail "there is no grace time in its command line"
    # Some seconds are for what comes before and after.
    [ $wait -ge $((needed + 5000)) ] || fail "it is killed after $wait ms, but may take $needed ms"
}

# systemd looks whether the program is there, so it gets the one that was built.
verify() {
    local unit=$directory/hit_counter.service
    sed "s|$installed|$server|; $1" hit_counter.service >"$unit"
    cp hit_counter.socket "$directory"
    systemd-analyze verify --man=no "$unit" "$directory/hit_counter.socket" 2>&1
}

# A check that finds nothing proves nothing, so it must first find what is wrong.
check_unit() {
    local said
    directory=$(mktemp -d)
    trap 'rm -rf "$directory"' EXIT
    said=$(verify 's/^Type=.*/Type=nonsense/') || true
    [ -n "$said" ] || fail "systemd-analyze finds nothing wrong with a unit that is"
    said=$(verify '') || fail "systemd-analyze: $said"
    [ -z "$said" ] || fail "systemd-analyze: $said"
}

# The socket that systemd holds is the one that the server would make itself.
check_socket() {
    local held port
    held=$(sed -n 's/^ListenStream=//p' hit_counter.socket)
    port=$(command_line | tr '=' '\n' | awk 'last == "--port" { print } { last = $0 }')
    [ "$held" = "127.0.0.1:$port" ] || fail "systemd listens at $held, the server at $port"
}

# A manager that holds the socket has two servers serve, one after the other. Who has come before they were there is answered.
check_held() {
    python3 - "$server" "$(mktemp -d)" <<'END'
import os, signal, socket, subprocess, sys

server, directory = sys.argv[1:]
held = socket.create_server(("127.0.0.1", 0))

def start():
    def become():
        os.dup2(held.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="web")
        os.execv(server, [server, "--port", "1", "--state", directory + "/count"])
    pid = os.fork()
    if pid == 0:
        become()
    return pid

def ask(client):
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = b""
    while part := client.recv(4096):
        answer += part
    return answer.decode()

for hits in (1, 2):
    client = socket.create_connection(held.getsockname(), timeout=60)
    pid = start()
    answer = ask(client)
    assert answer.startswith("HTTP/1.1 200") and str(hits) in answer.splitlines()[-1], answer
    os.kill(pid, signal.SIGTERM)
    assert os.waitpid(pid, 0)[1] == 0
END
}

# The probe asks where the server listens, and what it answers.
check_probe() {
    local asked listens
    asked=$(pod '["--port=%s" % port["containerPort"] for port in container["ports"]
        if port["name"] == container["readinessProbe"]["httpGet"]["port"]]')
    listens=$(command_line | grep -x -e '--port=.*')
    [ "$asked" = "$listens" ] || fail "the probe asks $asked, the server has $listens"
    [ "$(pod '[container["readinessProbe"]["httpGet"]["path"]]')" = /healthz ] || fail "that is not what the probe asks for"
}

case $what in
unit) check_command_line && check_patience && check_socket && check_unit ;;
held) check_held ;;
manifest) check_command_line && check_patience && check_probe ;;
*) fail "what is $what?" ;;
esac
