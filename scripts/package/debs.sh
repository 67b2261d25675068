# shellcheck shell=bash
# shellcheck disable=SC2154 # Set by x and package.sh.
# Part of x: the gate `x package debs`.

# The packages twice, by way of two directories; what lintian says of them; and programs on them where they are installed.
package_debs() {
    need_tarball && build_debs "$package_work/debs/first" && build_debs "$package_work/debs/in/another/place" nocheck &&
        same_debs && cp "$package_work"/debs/first/*.{deb,dsc,debian.tar.xz} "$package" && write_sums &&
        lint_debs && use_debs
}

# build_debs DIRECTORY [OPTION…], as DEB_BUILD_OPTIONS. Rust need not come from packages, so what debian/control says is to be there is
# not asked for.
build_debs() {
    local name version=
    name=$(sources_name) version=$(package_version)
    rm -rf "$1" && mkdir -p "$1" && cp "$package/$name.tar.xz" "$1/procession_$version.orig.tar.xz" &&
        unpack_sources "$1/$name" && cp -r packaging/debian "$1/$name/debian" &&
        quiet "$1/log" lean_debs "$1/$name" "${*:2}" dpkg-buildpackage -us -uc -d
}

# debhelper gives the build a home of its own, and rustup's compilers are in this one.
lean_debs() {
    cd "$1" && DEB_BUILD_OPTIONS="parallel=$jobs $2" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" "${@:3}"
}

same_debs() {
    local deb
    for deb in "$package_work"/debs/first/*.deb; do
        same_bytes "$deb" "$package_work/debs/in/another/place/$(basename "$deb")" || return 1
    done
}

lint_debs() { lintian --allow-root --display-info --fail-on error,warning,info "$package_work"/debs/first/*.changes; }

# In a root of its own, which is this one with a layer over it.
use_debs() {
    if [ "$(id -u)" = 0 ] && unshare --mount true; then
        unshare --mount bash scripts/package/layer.sh "$PWD/scripts/package/installed.sh" "$package"
    else
        echo "who is not root cannot install the packages, so that was not tried"
    fi
}
