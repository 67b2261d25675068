#!/usr/bin/env bash
# stop_daemon.sh SIGNAL COMMAND…
# Runs 09_main_daemon, sends it the signal once it works, and checks that it stops because of it, cleans up, and exits
# with 0.
set -u
signal=$1
shift
exec 3< <(exec "$@" 2>&1)
daemon=$!
trap 'kill -KILL $daemon 2>/dev/null' EXIT

read -r first <&3
[ "$first" = "beat 1" ] || {
    echo "it began with: $first"
    exit 1
}
kill -s "$signal" $daemon
said=$(grep -v '^beat ' <&3)
wait $daemon
status=$?
trap - EXIT
expected="the end, by a signal: *SIG$signal
cleaned up"
# The text of the cause is the library's, but names the signal: so it is compared as a pattern.
# shellcheck disable=SC2053
if [[ $said != $expected || $status != 0 ]]; then
    printf 'exit status %s\n--- expected\n%s\n--- actual\n%s\n' $status "$expected" "$said"
    exit 1
fi
