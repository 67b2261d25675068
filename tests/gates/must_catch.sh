#!/usr/bin/env bash
# must_catch.sh WORDS COMMAND…: passes if the command fails and says so in these words.
words=$1
shift
if output=$("$@" 2>&1); then
    echo "exit status 0: $*"
    exit 1
fi
echo "$output"
grep -qF "$words" <<<"$output"
