#!/bin/sh
# Installs the packages in a directory, tries them, and removes them: installed.sh DIRECTORY. In a root of its own (layer.sh).
set -eu
here=$(dirname "$0")
dpkg --install "$1"/*.deb
ldconfig -p | grep -F libprocession.so
"$here/consumer.sh" /tmp/consumer
(cd / && procession-trace --version && procession-sim --runs 10 /bin/true)
man -w proc_spawn procession
bash "$here/../../tests/consumers/links.sh" /usr/share/doc/libprocession-doc
dpkg --purge libprocession-doc procession-tools libprocession-dev-dbgsym libprocession-dev libprocession0.2-dbgsym libprocession0.2
echo "the packages are installed, used and removed"
