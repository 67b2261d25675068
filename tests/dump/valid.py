"""valid.py SCHEMA: whether the JSON on standard input is what the schema says."""
import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    jsonschema.validate(json.load(sys.stdin), json.load(file), jsonschema.Draft202012Validator)
