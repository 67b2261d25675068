# shellcheck shell=bash
# shellcheck disable=SC2154 # Set by x and package.sh.
# Part of x: the gate `x package homepage`. What Cargo.toml says as `homepage` is in every place where packagers look for it, and in none if it
# says nothing: each place is asked by the program that reads it.

package_homepage() {
    local sources=$package_work/homepage/sources address=https://example.org/procession
    package_python && work_place homepage && mkdir "$sources" && git archive "$(package_commit)" | tar -x -C "$sources" &&
        sed -i '/^homepage = /d' "$sources/Cargo.toml" && homepage_is "$sources" "" &&
        cp -r "$sources/packaging" "$package_work/homepage/without" &&
        sed -i "/^license = /a homepage = \"$address\"" "$sources/Cargo.toml" && homepage_is "$sources" $address &&
        sed -i '/^homepage = /d' "$sources/Cargo.toml" && scripts/package/homepage.sh "$sources" &&
        diff -r "$package_work/homepage/without" "$sources/packaging"
}

homepage_places="debian rpm conan vcpkg nix meson cmake pkgconfig sbom site site_of_cxx"

# homepage_is SOURCES ADDRESS
homepage_is() {
    local place found
    scripts/package/homepage.sh "$1" && homepage_builds "$1" || return 1
    for place in $homepage_places; do
        if ! found=$(cd "$1" && "homepage_in_$place") || [ "$found" != "$2" ]; then
            echo "x: the homepage of $place is '$found', and should be '$2'" >&2
            return 1
        fi
    done
}

# What is configured, and what is written.
homepage_builds() {
    rm -rf "$1/build" && mkdir "$1/build" &&
        quiet "$package_work/homepage/log" cmake -S "$1" -B "$1/build/cmake" -DPROCESSION_TESTS=OFF &&
        quiet "$package_work/homepage/log" meson setup "$1/build/meson" "$1" &&
        quiet "$package_work/homepage/log" bash "$1/tools/manual/build.sh" "$1/build/manual"
}

homepage_in_debian() { sed -n 's/^Homepage: //p' packaging/debian/control; }
homepage_in_rpm() { rpmspec -q --srpm --queryformat '%|URL?{%{URL}}|' packaging/rpm/procession.spec; }
homepage_in_conan() { conan inspect --format=json packaging/conan 2>/dev/null | json_value 'get("homepage")'; }
homepage_in_vcpkg() { json_value 'get("homepage")' <packaging/vcpkg/procession/vcpkg.json; }
homepage_in_nix() { nix_says packaging/nix/check.nix | sed -n 's/.* \(.*\)"$/\1/p'; }
homepage_in_meson() { sed -n 's/^URL: //p' build/meson/meson-private/procession.pc; }
homepage_in_cmake() { sed -n 's/^CMAKE_PROJECT_HOMEPAGE_URL:.*=//p' build/cmake/CMakeCache.txt; }
homepage_in_pkgconfig() { sed -n 's/^URL: //p' build/cmake/procession.pc; }
homepage_in_site() { homepage_in_menu build/manual/html; }
homepage_in_site_of_cxx() { homepage_in_menu build/manual/html/cpp; }
homepage_in_menu() { sed -n 's/.*text:"Homepage",url:"^*\([^"]*\)".*/\1/p' "$1/menudata.js"; }
homepage_in_sbom() {
    python3 scripts/package/sbom.py . | json_value 'get("metadata")["component"].get("externalReferences", [{}])[0].get("url")'
}

json_value() { python3 -c "import json, sys; print(json.load(sys.stdin).$1 or '')"; }
