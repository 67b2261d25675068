# shellcheck shell=bash
# shellcheck disable=SC2154 # Set by x and package.sh.
# Part of x: the gates of `x package` that try the recipes of packaging/ on the source tarball, without what optimizes for long.

# Names of work places: each gate begins with an empty one.
work_place() { rm -rf "${package_work:?}/$1" && mkdir -p "$package_work/$1"; }

quick_offline() { quick_cargo offline "$@"; }

# Debian's rpm has no packages of the distributions that it is of, so what the .spec needs is not asked for.
package_rpm() {
    local top=$package_work/rpm
    need_tarball && work_place rpm && mkdir "$top/SOURCES" && cp "$package/$(sources_name).tar.xz" "$top/SOURCES" &&
        quiet "$top/log" quick_offline rpmbuild -bb --nodeps --define "_topdir $top" packaging/rpm/procession.spec &&
        mkdir "$top/root" && rpm --root "$top/root" --nodeps --install "$top"/RPMS/*/*.rpm && use_rpm "$top/root/usr"
}

use_rpm() {
    local library
    library=$(dirname "$(find "$1" -name libprocession.so)") &&
        cc tests/consumers/program/main.c -o "$package_work/rpm/program" -I"$1/include" -L"$library" -lprocession &&
        LD_LIBRARY_PATH=$library "$package_work/rpm/program" && "$1/bin/procession-trace" --version
}

# The wrap, with the checksum of the tarball, and a project that has it as a subproject.
package_meson() {
    local work=$package_work/meson name
    name=$(sources_name)
    need_tarball && work_place meson && cp -r tests/consumers/meson tests/consumers/program "$work" && write_wrap &&
        mkdir -p "$work/meson/subprojects/packagefiles" && cp "$package/procession.wrap" "$work/meson/subprojects" &&
        cp "$package/$name.tar.xz" "$work/meson/subprojects/packagefiles" &&
        meson setup --buildtype=release -Dpkgconfig.relocatable=true --wrap-mode=forcefallback "$work/build" "$work/meson" && quick_offline meson compile -C "$work/build" &&
        "$work/build/program" && "$work/build/values" && "$work/build/program_static" && use_meson "$work"
}

write_wrap() {
    local sum
    sum=$(sha256sum <"$package/$(sources_name).tar.xz") &&
        sed -e "s/@VERSION@/$(package_version)/" -e "s/@HASH@/${sum%% *}/" packaging/meson/procession.wrap.in >"$package/procession.wrap" &&
        write_sums >/dev/null
}

# What the subproject installs is found by pkg-config.
use_meson() {
    local flags
    meson install --no-rebuild -C "$1/build" --destdir "$1/root" >/dev/null &&
        find "$1/root" -name procession.tsan.supp | grep -q . &&
        flags=$(PKG_CONFIG_PATH=$(dirname "$(find "$1/root" -name procession.pc)") pkg-config --cflags --libs procession) &&
        eval "cc tests/consumers/program/main.c -o '$1/installed' $flags" &&
        LD_LIBRARY_PATH=$(dirname "$(find "$1/root" -name libprocession.so)") "$1/installed"
}

package_conan() {
    need_tarball && package_python && work_place conan && unpack_sources "$package_work/conan/sources" &&
        conan profile detect --force && conan_create default -o 'procession/*:shared=True' && conan_create default -o 'procession/*:shared=False' &&
        conan_create "$package_work/conan/sources/packaging/conan/aarch64.profile" \
            -c:h user.procession:emulator="qemu-aarch64 -L /usr/aarch64-linux-gnu"
}

conan() { quick_offline env CONAN_HOME="$package_work/conan/home" "$package_python/bin/conan" "$@"; }

conan_create() {
    local host=$1
    shift
    conan create "$package_work/conan/sources/packaging/conan" -pr:h "$host" -pr:b default "$@"
}

package_vcpkg() {
    local work=$package_work/vcpkg
    need_tarball && work_place vcpkg && cp -r packaging/vcpkg/procession "$work/port" && cp "$package/$(sources_name).tar.xz" "$work/port" &&
        python3 -m json.tool "$work/port/vcpkg.json" >/dev/null &&
        quick_offline cmake -DPORT="$work/port" -DVERSION="$(package_version)" -DWORK="$work" -P packaging/vcpkg/stand_in.cmake &&
        PKG_CONFIG_PATH=$work/packages/lib/pkgconfig scripts/package/consumer.sh "$work/consumer" -DCMAKE_PREFIX_PATH="$work/packages"
}

# There is no nixpkgs here to build it with.
package_nix() { [ "$(nix_says packaging/nix/check.nix)" = "\"procession $(package_version) $(project_homepage)\"" ]; }

nix_says() { NIX_STATE_DIR=$package_work/nix nix-instantiate --eval --strict "$1" 2>/dev/null; }
