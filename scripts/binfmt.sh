#!/bin/bash
# Has the system know what runs programs for another processor, and runs a command: binfmt.sh EMULATOR PROGRAM COMMAND…
# PROGRAM is one such; the others begin like it. In a user and mount namespace of its own, so that no other hears of it.
set -euo pipefail
magic=$(od -A n -v -t x1 -N 20 "$2" | tr -d '\n' | sed 's/ /\\x/g')
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
# P: the program is told the name that it was called by, too.
printf ':procession:M::%s::%s:P' "$magic" "$1" >/proc/sys/fs/binfmt_misc/register
shift 2
exec "$@"
