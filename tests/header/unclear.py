"""unclear.py ROOT: whether procession.json is refused for a header whose comments do not say whose a pointer is, or for how long."""

import pathlib
import sys

sys.dont_write_bytecode = True
root = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(root / "tools"))

from procession_api.document import Document  # noqa: E402 -- it is found by the line above
from procession_api.ownership import UnclearError  # noqa: E402

HEADER = (root / "include/procession.h").read_text()
# What is taken out of the header, and what is missed then.
UNCLEAR = {
    "must be there until `proc_hook_remove` has\n *                   returned": "proc_on_cancel, user_data does not say: how long is it lent?",
    "@param hook  handed over; may be NULL.": "proc_hook_remove, hook does not say: may it be NULL?",
    "@return borrowed; NULL if it is not a task error.": "proc_error_task_type does not say: may the result be NULL?",
    "borrowed until the program ends; ": "proc_version does not say: how long the result is lent?",
}

for taken, missed in UNCLEAR.items():
    assert HEADER.count(taken) == 1, taken
    try:
        Document(HEADER.replace(taken, "")).as_json()
    except UnclearError as error:
        assert missed in str(error), error
    else:
        sys.exit(f"unclear.py: without {taken!r} nothing is missed")
