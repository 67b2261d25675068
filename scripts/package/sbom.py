#!/usr/bin/env python3
"""Writes what the library is made of as CycloneDX JSON: sbom.py SOURCES, with vendored crates in them. Reproducible: no number at random, no time.

Tools that do this (cargo-cyclonedx) take minutes to compile; cargo knows all that is asked for."""
import json
import pathlib
import subprocess
import sys
import tomllib


def output(directory, *command):
    return subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True).stdout


def checksums(sources):
    lock = tomllib.loads((sources / "Cargo.lock").read_text())
    return {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}


def purl(package):
    kind = "cargo" if package["source"] else "generic"
    return f"pkg:{kind}/{package['name']}@{package['version']}"


def component(package, checksum, linked):
    """What only helps to build, as procedural macros do, is not in the library: "excluded"."""
    made = {
        "type": "library",
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "description": package["description"].strip(),
        "scope": "required" if linked else "excluded",
        "licenses": [{"expression": package["license"].replace("/", " OR ")}],
        "purl": purl(package),
    }
    if checksum:
        made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    addresses = [("website", package["homepage"]), ("vcs", package["repository"])]
    if any(url for _, url in addresses):
        made["externalReferences"] = [{"type": kind, "url": url} for kind, url in addresses if url]
    return made


def standard_library(sources):
    """Rust's own is linked in, too."""
    version = output(sources, "rustc", "--version").split()[1]
    return {
        "type": "library",
        "bom-ref": f"pkg:generic/rust-std@{version}",
        "name": "rust-std",
        "version": version,
        "description": "Rust's standard library, of the compiler that the packages were built by",
        "scope": "required",
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "purl": f"pkg:generic/rust-std@{version}",
    }


def is_normal(dependency):
    return any(kind["kind"] is None for kind in dependency["dep_kinds"])


def linked_into(root, nodes, packages):
    """From the root along what is linked; a procedural macro ends the way."""
    found, rest = set(), [root]
    while rest:
        name = rest.pop()
        if name in found or any("proc-macro" in target["kind"] for target in packages[name]["targets"]):
            continue
        found.add(name)
        rest += [dependency["pkg"] for dependency in nodes[name]["deps"] if is_normal(dependency)]
    return found


def bill(sources):
    metadata = json.loads(output(sources, "cargo", "metadata", "--locked", "--offline", "--format-version", "1"))
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root, sums, std = metadata["resolve"]["root"], checksums(sources), standard_library(sources)
    linked = linked_into(root, nodes, packages)
    parts = {
        name: component(package, sums[package["name"], package["version"]], name in linked)
        for name, package in packages.items()
    }
    depends = [
        {"ref": purl(packages[name]), "dependsOn": sorted(purl(packages[each]) for each in node["dependencies"])}
        for name, node in nodes.items()
    ]
    depends[[each["ref"] for each in depends].index(purl(packages[root]))]["dependsOn"].append(std["bom-ref"])
    others = [part for name, part in parts.items() if name != root] + [std]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": parts[root]},
        "components": sorted(others, key=lambda part: part["bom-ref"]),
        "dependencies": sorted(depends, key=lambda each: each["ref"]),
    }


if __name__ == "__main__":
    json.dump(bill(pathlib.Path(sys.argv[1])), sys.stdout, indent=2)
    print()
