"""Where the fields of a struct are, by C's rules on a machine of 64 bits, which is what the library is for."""

from .ownership import base, pointers

SIZES = {
    "bool": 1, "char": 1, "int": 4, "uint32_t": 4, "int64_t": 8, "uint64_t": 8, "size_t": 8, "ssize_t": 8, "nfds_t": 8,
}  # fmt: skip
POINTER = 8


def size_of(type_name, enums):
    if pointers(type_name):
        return POINTER
    # What is left is a pointer to code.
    return SIZES["int"] if type_name in enums else SIZES.get(base(type_name), POINTER)


def offsets(fields, enums):
    """The offset and the size of each field, then the size and the alignment of the struct."""
    places, end, alignment = [], 0, 1
    for each in fields:
        size = size_of(each.type, enums)
        start = -(-end // size) * size
        places.append((start, size * each.count))
        end = start + size * each.count
        alignment = max(alignment, size)
    return places, -(-end // alignment) * alignment, alignment
