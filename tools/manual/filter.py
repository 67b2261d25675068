#!/usr/bin/env python3
"""filter.py FILE: a file as Doxygen wants it (FILTER_PATTERNS in docs/site/Doxyfile)."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from manual import cpp, header, markdown  # noqa: E402

path = Path(sys.argv[1]).resolve()
text = path.read_text(encoding="utf-8")
if path.suffix == ".h":
    sys.stdout.write(header.filtered(text))
elif path.suffix == ".hpp":
    sys.stdout.write(cpp.filtered(text, path.name))
else:
    sys.stdout.write(markdown.filtered(text, path))
