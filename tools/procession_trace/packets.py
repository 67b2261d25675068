"""Takes a file apart into packets, a piece at a time: a trace may be larger than the memory."""

import os
import stat
import sys
import time

from .protobuf import Damaged, varint

PIECE = 1 << 20
PACKET_TAG = 0x0A
# The longest texts that are recorded make packets of less than 1 MiB.
LONGEST_PACKET = 4 << 20

PATIENCE = 1.0
INTERVAL = 0.2


class Packets:
    """The packets of a file, in order: iterating gives their bytes."""

    def __init__(self, file):
        self.file = file
        status = os.fstat(file.fileno())
        # A trace may still be written while it is read: what was there at first is read. A pipe has no size.
        self.size = status.st_size if stat.S_ISREG(status.st_mode) else None
        self.progress = Progress(self.size)
        self.taken = 0
        # Where the next packet begins: after iterating, how much was whole packets.
        self.offset = 0
        # How much is there behind them, which is the beginning of a packet.
        self.rest = 0

    def __iter__(self):
        data, at = b"", 0
        while piece := self.take():
            data, at = data[at:] + piece, 0
            while (end := find_end(data, at)) is not None:
                start, end = end
                yield data[start:end]
                self.offset += end - at
                at = end
        self.rest = len(data) - at

    def take(self):
        most = PIECE if self.size is None else min(PIECE, self.size - self.taken)
        piece = self.file.read(most)
        self.taken += len(piece)
        self.progress.show(self.taken)
        return piece


def find_end(data, at):
    """Where the content of the packet there begins and ends, or None if it is not all there."""
    if at == len(data):
        return None
    if data[at] != PACKET_TAG:
        raise Damaged("no packet begins here")
    try:
        length, start = varint(data, at + 1)
    except IndexError:
        return None
    if length > LONGEST_PACKET:
        raise Damaged(f"a packet of {length} bytes is none of procession")
    end = start + length
    return (start, end) if end <= len(data) else None


class Progress:
    """How far reading is, for somebody who has waited for a while at a terminal."""

    def __init__(self, size):
        self.size = size
        self.next = time.monotonic() + PATIENCE
        self.is_shown = False
        self.is_wanted = bool(size) and sys.stderr.isatty()

    def show(self, taken):
        if not self.is_wanted or time.monotonic() < self.next:
            return
        self.next = time.monotonic() + INTERVAL
        self.is_shown = True
        print(f"\rreading: {100 * taken // self.size} %", end="", file=sys.stderr, flush=True)

    def end(self):
        if self.is_shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
