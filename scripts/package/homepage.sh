#!/usr/bin/env bash
# homepage.sh [DIRECTORY]: writes the project's address, `homepage` in Cargo.toml, into the recipes that cannot ask there themselves. If
# Cargo.toml has none, these have none afterwards.
set -euo pipefail
cd "${1:-$(dirname "$(readlink -f "$0")")/../..}"

homepage=$(sed -n 's/^homepage = "\(.*\)"/\1/p' Cargo.toml)
[[ $homepage =~ ^(https://[A-Za-z0-9._~/%-]+)?$ ]] || { echo "homepage.sh: Cargo.toml has an address that is not plain: $homepage" >&2 && exit 1; }

# field FILE BEFORE START END: the line with the address, after the one that begins with BEFORE.
field() {
    sed -i "/^$3/d" "$1"
    [ -z "$homepage" ] || sed -i "/^$2/a\\$3$homepage$4" "$1"
}

field packaging/debian/control 'Standards-Version: ' 'Homepage: ' ''
field packaging/rpm/procession.spec 'License: ' 'URL:            ' ''
field packaging/conan/conanfile.py '    license = ' '    homepage = "' '"'
field packaging/vcpkg/procession/vcpkg.json '  "description": ' '  "homepage": "' '",'
