#!/usr/bin/env python3
"""site.py HTML: completes the site that Doxygen has written, and fails if a link in it leads nowhere, or to another machine by itself.

The pages link to files of the repository, which are copied beside them: what they show is there without a network.
"""

import html
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from manual import markdown, names  # noqa: E402

LINK = re.compile(r'\b(href|src|data)="([^"]*)"')
# Each picture of a page that is fetched by itself; an address to click is none.
FETCHED = re.compile(r'<(?:script|img|link|object|iframe)\b[^>]*\b(?:src|href|data)="((?:https?:)?//[^"]*)"')


def main(site):
    site = Path(site)
    pages = {path: path.read_text(encoding="utf-8", errors="replace") for path in sorted(site.rglob("*.html"))}
    anchors = {path.resolve(): set(re.findall(r'\b(?:id|name)="([^"]+)"', text)) for path, text in pages.items()}
    wrong = []
    for path, text in pages.items():
        wrong += [f"{path.name} fetches {address}" for address in FETCHED.findall(text)]
        wrong += [f"{path.name} links to {target}" for target in targets(text) if not found(site, path, target, anchors)]
    if wrong:
        sys.exit("site.py: " + "\nsite.py: ".join(sorted(set(wrong))))


def targets(text):
    """The links of a page to others of the site."""
    links = {html.unescape(target) for _, target in LINK.findall(text)}
    return {link for link in links if link and not re.match(r"[\w+.-]+:|//|\$", link)}


def found(site, page, target, anchors):
    """Whether a link leads to something. A file of the repository is brought here for it."""
    name, _, anchor = unquote(target).partition("#")
    if name.startswith(f"{markdown.SOURCE}/"):
        original, copy = names.ROOT / name.split("/", 1)[1], site / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(original, copy)
        return True
    there = (page.parent / name if name else page).resolve()
    return there.is_file() and (not anchor or there.suffix != ".html" or anchor in anchors.get(there, {anchor}))


main(*sys.argv[1:])
