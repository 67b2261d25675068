#!/usr/bin/env bash
# metrics.sh SERVER
# Runs the hit counter, and has promtool check its /metrics: they are as Prometheus wants them. The tree at /debug/tree is
# JSON for whoever asks for that.
set -euo pipefail
server=$1
directory=$(mktemp -d)

fail() {
    echo "metrics: $*" >&2
    exit 1
}

clean_up() {
    kill -KILL "$pid" 2>/dev/null || true
    rm -rf "$directory"
}

exec 3< <(exec "$server" --port 0 --state "$directory/state" 2>&1)
pid=$!
trap clean_up EXIT
read -r first <&3
url=$(sed -n 's/.*\(http:[^ ]*\).*/\1/p' <<<"$first")
[ -n "$url" ] || fail "the server says: $first"

fetch() { curl --silent --show-error --fail --max-time 20 "$@"; }

fetch "${url}metrics" >"$directory/metrics"
promtool check metrics <"$directory/metrics"
# A check that finds nothing proves nothing, so it must find what is wrong.
! sed 's/visitors_total/visitors/' "$directory/metrics" | promtool check metrics 2>"$directory/found" || fail "promtool finds nothing wrong"
grep -q 'http_visitors counter metrics should have "_total" suffix' "$directory/found" || fail "promtool finds: $(cat "$directory/found")"

fetch --header 'Accept: application/json' "${url}debug/tree" |
    python3 -c 'import json, sys; [main] = json.load(sys.stdin)["processes"]; assert main["kind"] == "proc_main", main'

kill -TERM "$pid"
wait "$pid" || fail "the server's exit status is $?"
grep -q 'stopped at 0 hits' <&3 || fail "the server does not say that it stopped"
