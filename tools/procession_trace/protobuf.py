"""A strict reader of protocol buffers: every byte must belong to a field that is known, of the right type, which is there
once unless it may be repeated, and every text must be UTF-8."""

from .schema import FIXED64, NUMBER, TEXT

LONGEST_VARINT = 10


class Damaged(Exception):
    """What was read is not what procession writes."""


def read(schema, data):
    """The fields of a message, by their names."""
    try:
        return read_fields(schema, data)
    except IndexError:
        raise Damaged(f"{schema.name} ends within a number") from None


def read_fields(schema, data):
    found = {}
    at, end = 0, len(data)
    while at < end:
        # Numbers of one byte, which are nearly all, are read in place: calls are what costs time here.
        tag = data[at]
        at += 1
        if tag >= 0x80:
            tag, at = varint(data, at - 1)
        field = schema.fields.get(tag)
        if field is None:
            raise Damaged(f"{schema.name} has no field {tag >> 3} of wire type {tag & 7}")
        name, kind, inner, is_repeated = field
        if kind == NUMBER:
            value = data[at]
            at += 1
            if value >= 0x80:
                value, at = varint(data, at - 1)
        else:
            value, at = read_bytes(kind, inner, data, at)
        if is_repeated:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise Damaged(f"{schema.name} has two of {name}")
        else:
            found[name] = value
    return found


def read_bytes(kind, inner, data, at):
    """The value of a field that is no number, and where the next one begins."""
    length = 8
    if kind != FIXED64:
        length, at = varint(data, at)
    end = at + length
    if end > len(data):
        raise Damaged("a field is longer than the message that it is in")
    value = data[at:end]
    if kind == FIXED64:
        return int.from_bytes(value, "little"), end
    if kind == TEXT:
        return read_text(value), end
    return read(inner, value), end


def read_text(data):
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Damaged("a text is not UTF-8") from None


def varint(data, at):
    """The number at that place, and what is behind it: seven bits a byte, the lowest first."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
        if shift == 7 * LONGEST_VARINT:
            raise Damaged("a number does not end")
    if value >= 1 << 64:
        raise Damaged("a number has more than 64 bits")
    return value, at


def signed(number):
    """A number that may be negative."""
    return number - (1 << 64) if number >> 63 else number
