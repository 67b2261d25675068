"""python3 tools/procession_api [--check]: writes include/procession.json from include/procession.h, or says whether it is what that says."""

import json
import pathlib
import sys

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from procession_api.document import Document  # noqa: E402 -- it is found by the line above
from procession_api.ownership import UnclearError  # noqa: E402

HEADER, WRITTEN = ROOT / "include/procession.h", ROOT / "include/procession.json"


def lines(document):
    """As JSON, with a line for each thing that is declared, so that a change shows what has changed."""
    parts = []
    for key, value in document.items():
        if isinstance(value, dict):
            inner = ",\n".join(f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in value.items())
            parts.append(f" {json.dumps(key)}: {{\n{inner}\n }}")
        else:
            parts.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main(arguments):
    try:
        text = lines(Document(HEADER.read_text()).as_json())
    except UnclearError as error:
        sys.exit(f"procession_api: {error}")
    if arguments != ["--check"]:
        WRITTEN.write_text(text)
    elif WRITTEN.read_text() != text:
        sys.exit("include/procession.json is not what include/procession.h says: run ./x header")


main(sys.argv[1:])
