#!/usr/bin/env bash
# demo.sh [--serve]: shows the hit counter of c-examples/10_hit_counter under load, stopped and started again, then a daemon
# that does not stop, and checks that they keep their promises: exit status 1 if they do not. `./x demo` builds what it
# needs. With --serve the server is left running for a person with a browser.
#
# demo.sh --worst-day COMMAND…: only the daemon that does not stop, for the tests.
set -euo pipefail
cd "$(dirname "$0")/.."

server=build/release/c-examples/10_hit_counter/hit_counter
daemon=(build/release/c-examples/15_worst_day)
trace=build/demo.pftrace
readonly patience=20 # seconds that nothing here may take longer than

fail() {
    [ ! -f "${directory:-}/log" ] || sed 's/^/    the server said: /' "$directory/log"
    printf '\ndemo: FAILED: %s\n' "$*" >&2
    exit 1
}

step() { printf '\n%s\n' "$*"; }
say() { printf '    %s\n' "$*"; }

# until COMMAND… succeeds; false when patience has run out.
until_true() {
    local end=$((SECONDS + patience))
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.02
    done
}

has_ended() { ! kill -0 "$1" 2>/dev/null; }

# Ends what was started here and still runs.
clean_up() {
    local running
    mapfile -t running < <(jobs -pr)
    [ ${#running[@]} = 0 ] || kill -KILL "${running[@]}" 2>/dev/null || true
    { wait; } 2>/dev/null # or the shell would tell of each that it was killed
    rm -rf "$directory"
}

is_serving() { grep -q 'serving http' "$directory/log" || has_ended "$pid"; }

start() {
    : >"$directory/log" # now, for what the last server said must not be taken for what this one says
    "$server" --port 0 --state "$directory/state" --slow-ms 1000 >>"$directory/log" 2>&1 &
    pid=$!
    until_true is_serving || fail "the server does not start"
    url=$(sed -n 's/.*\(http:[^ ]*\).*/\1/p' "$directory/log")
    say "$(head -n 1 "$directory/log")"
    [ -n "$url" ] || fail "the server did not start"
}

# Waits for the end of the server, which must be a success.
join() {
    local status=0
    until_true has_ended "$pid" || fail "the server does not stop"
    wait "$pid" || status=$?
    say "$(tail -n 1 "$directory/log")"
    [ $status = 0 ] || fail "the server's exit status is $status"
    say "exit status 0"
}

visit=(curl --silent --show-error --max-time "$patience")

visits_five_times() {
    local number answer
    for number in 1 2 3 4 5; do
        answer=$("${visit[@]}" "$url") || fail "no answer"
        [ "$answer" = "You are visitor number $number." ] || fail "visitor $number was told: $answer"
    done
    say "the fifth is told: $answer"
}

# Each request leaves a line in the file: its HTTP status and curl's exit status.
slow_visitors() {
    local visitor
    for visitor in 1 2 3 4 5 6 7 8; do
        "${visit[@]}" --verbose --output /dev/null --write-out '%{http_code} %{exitcode}\n' "${url}slow" \
            >"$directory/slow.$visitor" 2>"$directory/slow.$visitor.sent" &
        slow+=($!)
    done
    until_true all_are_sent || fail "the slow requests were not sent"
}

all_are_sent() { [ "$(cat "$directory"/slow.*.sent | grep -c '^> GET')" = 8 ]; }

crowd() {
    "${visit[@]}" --parallel --parallel-max 64 --output /dev/null --write-out '%{http_code} %{exitcode}\n' \
        "$url?visitor=[1-20000]" >"$directory/crowd" 2>/dev/null &
    crowd=$!
    until_true crowd_has_been_served || fail "the crowd is not served"
}

saved() { cat "$directory/state" 2>/dev/null || echo "there is no file"; }

crowd_has_been_served() { [ "$(wc -l <"$directory/crowd")" -ge 2000 ]; }

# How many of the requests in the files had one of these outcomes.
count() {
    local outcome=$1
    shift
    cat "$@" | grep -cxE "$outcome" || true
}

# 7: curl could not connect. 52, 55, 56: the connection was closed before an answer began. Nothing else is a refusal.
check_requests() {
    local all in_full=$1 refused
    all=$(cat "$directory/crowd" "$directory"/slow.[1-8] | wc -l)
    refused=$(count '000 (7|52|55|56)' "$directory/crowd")
    say "$in_full requests were answered in full, $refused were refused before they were read"
    [ $((in_full + refused)) = "$all" ] || fail "of $all requests, some were neither answered nor refused"
    [ "$(count '200 0' "$directory"/slow.[1-8])" = 8 ] || fail "not all of the slow requests were answered"
    say "all 8 slow requests which were in flight were answered"
}

port_is_taken() {
    local port=${url##*:} status=0 message
    port=${port%/}
    message=$("$server" --port "$port" --state "$directory/other" 2>&1) || status=$?
    say "$message"
    [ $status = 1 ] || fail "its exit status is $status"
    [ "$message" = "hit_counter: web: port $port: Address already in use" ] || fail "that is not what it should say"
    say "exit status 1"
}

# Each request is a task in the trace.
show_trace() {
    step "6. What it did until then is in a trace, $trace. To see it, open it in https://ui.perfetto.dev. In short:"
    tools/procession-trace $trace >"$directory/summary" || fail "the trace cannot be read"
    sed 's/^./    &/' "$directory/summary"
    [ "$(tr -d , <"$directory/summary" | awk '$1 == "request" { print $2 }')" -ge $(($1 + 5)) ] || fail "it lacks requests"
    say "One of the slow ones: tools/procession-trace --tree request $trace"
    tools/procession-trace --tree request $trace >"$directory/request" || fail "the trace cannot be read"
    sed 's/^/    /' "$directory/request"
}

prepare() {
    directory=$(mktemp -d)
    trap clean_up EXIT
    trap 'exit 130' INT TERM HUP
}

log_has() { grep -q "$1" "$directory/log" || has_ended "$pid"; }

# Waits until the log has that line, and shows it.
shows() {
    local line
    until_true log_has "$1" || fail "the daemon does not say: $1"
    line=$(grep -m 1 "$1" "$directory/log") || fail "the daemon ended before it said: $1"
    say "$line"
}

# A daemon with a handler that hangs, which the tree in its log names.
worst_day() {
    local status=0 pid
    step "$1 The worst day: a daemon (c-examples/15_worst_day.c) with a handler that asks a database, which does not answer."
    "${daemon[@]}" >"$directory/log" 2>&1 &
    pid=$!
    shows '^health: ready'
    shows '^GET /report: asking the database'
    step "$2 It is told to stop: kill -TERM $pid"
    kill -TERM "$pid"
    shows '^health: stopping'
    shows '^GET /: ended'
    until_true has_ended "$pid" || fail "it does not end"
    wait "$pid" 2>/dev/null || status=$?
    step "$3 That handler does not end. When the grace period is over, the log says so, and the daemon ends by the signal."
    sed -n '/the grace period of 1s is over/,$p' "$directory/log" | grep -v '^==' >"$directory/tree"
    sed 's/^/    /' "$directory/tree"
    [ $status = 143 ] || fail "its exit status is $status"
    say "exit status 143: SIGTERM"
    grep -q '─task GET /report #.* cancelled .* ago: ' "$directory/tree" || fail "the tree does not name the handler"
    ! grep -q '─task GET / #' "$directory/tree" || fail "the tree names a handler that has ended"
}

demo() {
    local answered slow=() crowd pid url
    prepare
    echo
    echo "A web server that counts its visitors. It is made of this library's processes: see c-examples/10_hit_counter."
    step "1. It is started, on a free port, with PROCESSION_TRACE=$trace, so that it writes a trace."
    PROCESSION_TRACE=$trace start
    step "2. Five visitors come, one after the other."
    visits_five_times
    step "3. A crowd comes, 64 at a time, and 8 visitors who ask for a page that takes a second."
    crowd
    slow_visitors
    step "4. In the middle of that it is told to stop: kill -TERM $pid"
    kill -TERM "$pid"
    join
    wait "$crowd" "${slow[@]}" || true # curl reports refusals as failures
    answered=$(count '200 0' "$directory/crowd" "$directory"/slow.[1-8])
    check_requests "$answered"
    step "5. Nothing is lost: 5 visitors and $answered make $((answered + 5)). The file with the count says:"
    say "$(saved)"
    [ "$(saved)" = $((answered + 5)) ] || fail "that is another number"
    show_trace "$answered"
    step "7. It is started again, and the next visitor comes."
    start
    say "$("${visit[@]}" "$url")" | tee "$directory/next"
    grep -qx "    You are visitor number $((answered + 6))\." "$directory/next" || fail "the count does not go on"
    step "8. A second server wants the same port."
    port_is_taken
    step "9. The first one is stopped."
    kill -TERM "$pid"
    join
    [ "$(saved)" = $((answered + 6)) ] || fail "the file says $(saved)"
    worst_day 10. 11. 12.
    step "All as promised. To try it with a browser: ./x demo --serve"
}

serve() {
    local port=8080
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        echo "Port $port is taken, so a free one is used."
        port=0
    fi
    cat <<'END'
Open the address below in a browser, and reload the page to see it count. Add "slow" to the address for a page that
takes five seconds. Ctrl-C stops the server; whoever waits for a page still gets it. The count is kept in
build/hit_counter.state.
END
    exec "$server" --port $port --state build/hit_counter.state --slow-ms 5000
}

is_built() { [ -x "$server" ] || fail "$server is not there; ./x build makes it"; }

case ${1:-} in
'') is_built && demo ;;
--serve) is_built && serve ;;
--worst-day)
    daemon=("${@:2}")
    prepare
    worst_day 1. 2. 3.
    ;;
*)
    echo "usage: ./x demo [--serve]" >&2
    exit 2
    ;;
esac
