#!/usr/bin/env python3
"""man.py XML VERSION OUTPUT: the man pages of the header, from Doxygen's XML of it, written to OUTPUT/man3 and OUTPUT/man7."""

import datetime
import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from manual import model  # noqa: E402
from manual.pages import Pages  # noqa: E402


def date():
    """Today, or what reproducible builds say that today is."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc) if epoch else datetime.datetime.now()
    return now.strftime("%Y-%m-%d")


def main(xml, version, output):
    for name, lines in Pages(model.read(xml), version, date()).all().items():
        path = Path(output) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


main(*sys.argv[1:])
