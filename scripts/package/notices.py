#!/usr/bin/env python3
"""Writes the licences of the vendored crates, each text once, after whom it is for: notices.py SOURCES"""
import pathlib
import sys
import tomllib

HEAD = """Third-party notices

The library procession is built from these crates, whose sources are in vendor/, and from Rust's standard library. Of what is linked into it
the licences ask that their text be passed on; it is here for all of them. The standard library is Copyright (c) The Rust Project
contributors, MIT OR Apache-2.0, with parts under licences that its own COPYRIGHT file names, which comes with the compiler.
"""


def crates(sources):
    for manifest in sorted((sources / "vendor").glob("*/Cargo.toml")):
        package = tomllib.loads(manifest.read_text())["package"]
        yield f"{package['name']} {package['version']} ({package['license']})", manifest.parent


def texts_of(directory):
    texts = [path.read_text() for path in sorted(directory.iterdir()) if path.name.upper().startswith(("LICENSE", "COPYING", "NOTICE"))]
    if not texts:
        sys.exit(f"notices.py: {directory} has no text of a licence")
    return texts


def notices(sources):
    owners = {}
    for name, directory in crates(sources):
        for text in texts_of(directory):
            owners.setdefault(text.strip(), []).append(name)
    if not owners:
        sys.exit(f"notices.py: {sources} has no vendored crates")
    yield HEAD
    for text, names in owners.items():
        yield "\n".join(["=" * 80, *names, "-" * 80, "", text, ""])


if __name__ == "__main__":
    print("\n".join(notices(pathlib.Path(sys.argv[1]))), end="")
