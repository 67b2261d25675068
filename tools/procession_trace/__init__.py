"""Reads the traces that procession writes (docs/trace.md) and tells in the terminal what is in them.

In reading order:

- `command` is the command line, and what is said when something is wrong;
- `summary` counts and measures; `choice` and `tree` pick one task and all that happened in it;
- `tables` and `lines` show these, with `histogram`s, in words of `text`; `data` gives them to other programs;
- `trace` reads a file once and tells a listener; `reader` knows what packets mean, `packets` where they begin and end,
  `protobuf` what is in one, of all that `schema` allows.

It needs nothing but Python 3.9.
"""
