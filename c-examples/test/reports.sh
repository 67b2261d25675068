#!/usr/bin/env bash
# reports.sh metrics SERVER
# reports.sh tree SERVER COMMAND…
# Runs the hit counter, and has what it tells of itself checked by those that know better: promtool, whether its /metrics are
# as Prometheus wants them; the command, the JSON of /debug/tree on its standard input.
set -euo pipefail
what=$1 server=$2
shift 2
directory=$(mktemp -d)

fail() {
    echo "reports: $*" >&2
    exit 1
}

clean_up() {
    kill -KILL "$pid" 2>/dev/null || true
    rm -rf "$directory"
}

fetch() { curl --silent --show-error --fail --max-time 20 "$url$1"; }

# A check that finds nothing proves nothing, so it must find what is wrong.
check_metrics() {
    fetch metrics >"$directory/metrics"
    promtool check metrics <"$directory/metrics" || fail "promtool finds this wrong"
    ! sed 's/visitors_total/visitors/' "$directory/metrics" | promtool check metrics 2>"$directory/found" || fail "promtool finds nothing wrong"
    grep -q 'http_visitors counter metrics should have "_total" suffix' "$directory/found" ||
        fail "promtool finds: $(cat "$directory/found")"
}

check_tree() {
    fetch 'debug/tree?format=json' >"$directory/tree"
    "$@" <"$directory/tree" || fail "refused: $(cat "$directory/tree")"
    ! sed 's/"kind"/"kin"/' "$directory/tree" | "$@" 2>/dev/null || fail "the check accepts everything"
}

exec 3< <(exec "$server" --port 0 --state "$directory/state" 2>&1)
pid=$!
trap clean_up EXIT
read -r first <&3
url=$(sed -n 's/.*\(http:[^ ]*\).*/\1/p' <<<"$first")
[ -n "$url" ] || fail "the server says: $first"

case $what in
metrics) check_metrics ;;
tree) check_tree "$@" ;;
*) fail "what is $what?" ;;
esac

kill -TERM "$pid"
wait "$pid" || fail "the server's exit status is $?"
grep -q 'stopped at 0 hits' <&3 || fail "the server does not say that it stopped"
