#!/usr/bin/env bash
# layers.sh COMMAND…
# Runs 18_layers until the cache has failed and answers again, stops it with SIGTERM, and checks each step: what begins upwards,
# the failure, what runs again, what stops downwards, and the exit status.
set -u
exec 3< <(exec "$@" 2>&1)
daemon=$!
trap 'kill -KILL $daemon 2>/dev/null' EXIT

said=""
# Reads on up to that line.
read_to() {
    local line
    while read -r line <&3; do
        said+="$line"$'\n'
        [ "$line" != "$1" ] || return 0
    done
    return 1
}

# After the failure, the cache has nothing: it asks for what it knew.
if ! { read_to "cache: a bug; it runs again" && read_to "cache: empty" && read_to "front: 2 squared is 4"; }; then
    printf 'it ended after\n%s\n' "$said"
    exit 1
fi
kill -s TERM $daemon
# A question may be on its way.
end=$(grep -v '^cache: knows \|^cache: asks for \|^front: . squared is ' <&3)
wait $daemon
status=$?
trap - EXIT

begin="store: opened
cache: empty
front: open
cache: asks for 1
front: 1 squared is 1
cache: asks for 2
front: 2 squared is 4
cache: asks for 3
front: 3 squared is 9
cache: knows 1
front: 1 squared is 1
cache: a bug; it runs again
cache: empty
cache: asks for 2
front: 2 squared is 4
"
stop="front: shut
cache: dropped
store: closed"
# The last answer and the failure may come in either order.
sorted() { sort <<<"$1"; }
if [[ $(sorted "$said") != "$(sorted "$begin")" || $end != "$stop" || $status != 0 ]]; then
    printf 'exit status %s\n--- expected\n%s%s\n--- actual\n%s%s\n' $status "$begin" "$stop" "$said" "$end"
    exit 1
fi
