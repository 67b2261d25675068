# shellcheck shell=bash
# Part of x: the gates of `x package`. What they make is in build/package, what they need for that in build/package_work.

package=$PWD/build/package
package_work=$PWD/build/package_work

# A Debian package for each command that the gates use beside those of setup.sh.
package_packages() {
    local command name
    while read -r command name; do
        command -v "$command" >/dev/null || echo "$name"
    done <<'END'
dpkg-buildpackage dpkg-dev
dh debhelper
dh_python3 dh-python
doxygen doxygen
man man-db
fakeroot fakeroot
lintian lintian
rpmbuild rpm
xz xz-utils
meson meson
ninja ninja-build
nix-instantiate nix-bin
aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
qemu-aarch64 qemu-user
END
}

package_version() { sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml; }

project_homepage() { sed -n 's/^homepage = "\(.*\)"/\1/p' Cargo.toml; }

# What is committed, and what is not yet, if anything; of the day of the last commit.
package_commit() {
    local changed
    changed=$(git stash create) && echo "${changed:-HEAD}"
}

package_epoch() { echo "${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"; }

# Nothing of the way of this machine: it is unpacked, and built, with an empty directory for cargo, which may not ask anybody.
offline() { env CARGO_HOME="$package_work/cargo_home" CARGO_NET_OFFLINE=true "$@"; }

# make_sources DIRECTORY: the tree of the source tarball.
make_sources() {
    rm -rf "$1" && mkdir -p "$1" &&
        git archive "$(package_commit)" | tar -x -C "$1" &&
        rm -rf "$1/.ci" &&
        awk -f scripts/package/manifest.awk Cargo.toml >"$1/Cargo.toml" &&
        cargo fetch --locked --quiet &&
        (cd "$1" && cargo update --workspace --offline --quiet && vendor_crates) &&
        python3 scripts/package/notices.py "$1" >"$1/THIRD-PARTY-NOTICES"
}

vendor_crates() {
    mkdir .cargo && cargo vendor --locked --quiet vendor >/dev/null && cat >.cargo/config.toml <<'END'
[source.crates-io]
replace-with = "vendored-sources"

[source.vendored-sources]
directory = "vendor"
END
}

# make_tarball DIRECTORY FILE: the same bytes on every machine.
make_tarball() {
    tar --sort=name --format=gnu --mtime="@$(package_epoch)" --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX \
        -C "$(dirname "$1")" -c "$(basename "$1")" | xz -T1 -9 >"$2"
}

sources_name() { echo "procession-$(package_version)"; }

# The tarball, twice, by way of two directories.
package_source() {
    local name
    name=$(sources_name)
    rm -rf "$package" "$package_work" && mkdir -p "$package" "$package_work/other" &&
        make_sources "$package_work/$name" && make_tarball "$package_work/$name" "$package/$name.tar.xz" &&
        make_sources "$package_work/other/$name" && make_tarball "$package_work/other/$name" "$package_work/other.tar.xz" &&
        same_bytes "$package/$name.tar.xz" "$package_work/other.tar.xz" &&
        cp "$package_work/$name/THIRD-PARTY-NOTICES" "$package" && package_bill "$package_work/$name" &&
        builds_offline && write_sums
}

# quiet LOG COMMAND…: what it says is shown if it fails.
quiet() {
    local log=$1
    shift
    ("$@") >"$log" 2>&1 || {
        tail -n 50 "$log"
        return 1
    }
}

same_bytes() {
    cmp "$1" "$2" || {
        echo "x: two ways to make $(basename "$1") gave different bytes" >&2
        return 1
    }
}

package_bill() {
    local bill
    bill=$package/$(sources_name).cdx.json
    python3 scripts/package/sbom.py "$1" >"$bill" && package_python && "$package_python/bin/python" scripts/package/validate.py "$bill"
}

package_python=$PWD/build/package_python
package_python() { python_venv "$package_python" scripts/package/requirements.txt; }

# unpack_sources DIRECTORY: what a user does.
unpack_sources() { rm -rf "$1" && mkdir -p "$1" && tar -xf "$package/$(sources_name).tar.xz" -C "$1" --strip-components=1; }

# Unoptimized, which is enough to see that it builds.
quick_cargo() { CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 "$@"; }

builds_offline() {
    local place=$package_work/unpacked
    unpack_sources "$place" && rm -rf "$package_work/cargo_home" "$place-build" &&
        quick_cargo offline cmake -S "$place" -B "$place-build" -DPROCESSION_TESTS=OFF -DCMAKE_INSTALL_PREFIX="$place-installed" &&
        quick_cargo offline cmake --build "$place-build" && cmake --install "$place-build" >/dev/null &&
        PKG_CONFIG_PATH=$place-installed/lib/pkgconfig scripts/package/consumer.sh "$package_work/consumer" \
            -DCMAKE_PREFIX_PATH="$place-installed" -DCMAKE_BUILD_RPATH="$place-installed/lib"
}

write_sums() {
    (cd "$package" && rm -f SHA256SUMS && sha256sum -- * | tee "$package_work/sums" && mv "$package_work/sums" SHA256SUMS)
}

need_tarball() { [ -e "$package/$(sources_name).tar.xz" ] || package_source; }

. scripts/package/debs.sh
. scripts/package/recipes.sh
. scripts/package/homepage_gate.sh
