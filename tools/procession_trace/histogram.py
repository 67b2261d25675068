"""Percentiles, and histograms on a logarithmic scale."""

import math
from bisect import bisect_left

PERCENTILES = (50, 90, 99)
BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII = " .:-=+*#%"


def percentile(ordered, percent):
    """The smallest one that so many percent of all are not above."""
    return ordered[-(-len(ordered) * percent // 100) - 1]


class Scale:
    """Whole decades, as many as are needed from the least duration to the greatest, in so many cells."""

    def __init__(self, least, greatest, cells):
        first = decade(least)
        decades = max(1, decade(greatest) + 1 - first)
        self.low, self.high = 10**first, 10 ** (first + decades)
        self.bounds = [10 ** (first + decades * cell / cells) for cell in range(1, cells)]

    def counts(self, ordered):
        """How many durations are in each cell."""
        places = [0, *(bisect_left(ordered, bound) for bound in self.bounds), len(ordered)]
        return [after - before for before, after in zip(places, places[1:])]


def decade(duration):
    """The power of ten that is not above it; 0 for what is less than a nanosecond."""
    return len(str(duration)) - 1


def bars(counts, levels):
    """A sign for each count. Whatever is there is seen, however little beside the most it is."""
    most = max(counts) or 1
    return "".join(levels[math.ceil(count * (len(levels) - 1) / most)] for count in counts)


def powers(ordered):
    """For machines: the count in each range from a power of two up to the next one, as (from, to, count)."""
    if not ordered:
        return []
    lowest, highest = ordered[0].bit_length(), ordered[-1].bit_length()
    lows = [1 << (bits - 1) if bits else 0 for bits in range(lowest, highest + 2)]
    places = [bisect_left(ordered, low) for low in lows]
    ranges = zip(lows, lows[1:], places, places[1:])
    return [(low, high, after - before) for low, high, before, after in ranges if after > before]
