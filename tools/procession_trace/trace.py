"""Reads a trace file once, for a listener."""

from .packets import Packets
from .protobuf import Damaged
from .reader import Reader


class NoTrace(Exception):
    """The file is none."""


class Trace:
    """What is known of a trace as a whole, and how far it could be read."""

    def __init__(self, reader, packets, damage):
        self.pid = reader.pid
        self.program = reader.program
        self.start = reader.start
        self.realtime = reader.realtime
        self.end = reader.end
        self.events = reader.events
        self.lost = reader.lost
        self.strays = len(reader.early_ends)
        # Whole packets take so many bytes. Behind them are so many of one whose rest is missing.
        self.offset = packets.offset
        self.rest = packets.rest
        # What is wrong with the packet behind them, or None.
        self.damage = damage


def read_trace(path, listener):
    """Tells the listener all that is in the file."""
    with open(path, "rb", buffering=0) as file:
        packets, reader = Packets(file), Reader(listener)
        damage = None
        try:
            for data in packets:
                reader.packet(data)
        except Damaged as error:
            damage = str(error)
        finally:
            packets.progress.end()
    if reader.start is None:
        raise NoTrace(why_none(packets, damage))
    reader.close()
    return Trace(reader, packets, damage)


def why_none(packets, damage):
    if packets.taken == 0:
        return "the file is empty"
    if damage is None:
        return "there is no whole packet in it, so it is no trace, or cut short within the first one"
    return f"it is not a trace that procession has written: {damage}"
