"""What procession-trace makes of files that are no traces, or not whole ones, and of wrong commands."""

import os
import random
import signal
import subprocess

from driving import PROGRAM, ask, content, in_file, program, same, trace_file
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace
from procession_trace import schema as known
from procession_trace.protobuf import Damaged, read
from written import Written


def cut():
    whole = content("mapping")
    first = whole_packets(whole)[0]
    boundaries = {0, *whole_packets(whole)}
    for length in range(len(whole)):
        path = in_file(whole[:length])
        answer = ask(path, "--json")
        if length < first:
            same((answer.status, answer.stdout), (1, ""))
            assert "empty" in answer.stderr or "cut short within the first one" in answer.stderr
            continue
        end = max(boundary for boundary in boundaries if boundary <= length)
        read = Trace.FromString(whole[:end])
        same((answer.status, answer.data["cut_short"], answer.data["damaged"]), (0, length != end, None))
        same((answer.data["bytes_read"], answer.data["events"]), (end, sum(p.HasField("track_event") for p in read.packet)))
        same("cut short" in answer.stderr, length != end)
        same(ask(path).status, 0)
        assert ask(path, "--tree", "request").status == (0 if answer.data["tasks"] else 1)


def whole_packets(data):
    """Where each packet ends, by Perfetto's own library."""
    ends, at = [], 0
    for packet in Trace.FromString(data).packet:
        alone = Trace()
        alone.packet.append(packet)
        at += alone.ByteSize()
        ends.append(at)
    same(ends[-1], len(data))
    return ends


def mutated(generator, data):
    for _ in range(generator.choice((1, 1, 2, 8))):
        at, few = generator.randrange(len(data)), generator.randrange(1, 9)
        before, there, behind = data[:at], data[at], data[at + 1:]
        data = before + generator.choice((
            bytes([there ^ 1 << few - 1]) + behind,
            generator.randbytes(1) + behind,
            behind[few - 1:],
            generator.randbytes(few) + data[at:],
            data[generator.randrange(len(data)):][:8 * few] + data[at:],
        ))
    return data


def fuzz():
    seed = 20261125
    generator = random.Random(seed)
    seeds = [content(name) for name in ("mapping", "calls_before", "calls_nest")]
    outcomes = {0: 0, 1: 0}
    for round in range(2000):
        data = generator.randbytes(99) if round % 30 == 0 else mutated(generator, generator.choice(seeds))
        for options in ([], ["--json"], ["--tree", "request"], ["--tree", "1", "--json"], ["--path", "serve"]):
            try:
                answer = ask(in_file(data), *options)
            except Exception:
                print(f"round {round} of seed {seed}, {options}: {data.hex()}")
                raise
            outcomes[answer.status] += 1
            assert (answer.status == 0) <= bool(answer.stdout)
            assert answer.status == 0 or answer.stderr.startswith("procession-trace: ")
            assert all(line.isprintable() for line in (answer.stdout + answer.stderr).split("\n"))
    # Nearly all is noticed: what is not lies within a text or a number.
    assert min(outcomes.values()) > 200, outcomes


# Messages that are not what protocol buffers or the schema allow.
WRONG = (
    (b"\x08\x01", "Packet has no field 1 of wire type 0"),
    (b"\x42\x01", "Packet has no field 8 of wire type 2"),
    (b"\x40\x01\x40\x01", "Packet has two of timestamp"),
    (b"\x40\x80", "Packet ends within a number"),
    (b"\x40", "Packet ends within a number"),
    (b"\x40" + b"\x80" * 10 + b"\x01", "a number does not end"),
    (b"\x40" + b"\xff" * 9 + b"\x02", "a number has more than 64 bits"),
    (b"\x5a\x03\x48\x01", "a field is longer than the message that it is in"),
    (b"\x5a\x05\xf9\x02\x01\x02\x03", "a field is longer than the message that it is in"),
    (b"\x5a\x01\x48", "TrackEvent ends within a number"),
    (b"\x5a\x04\xba\x01\x01\xff", "a text is not UTF-8"),
)


def reading(data):
    try:
        return read(known.PACKET, data)
    except Damaged as error:
        return str(error)


def damaged():
    for data, why in WRONG:
        same((data, reading(data)), (data, why))
    for wrong in (
        Written().leaves(5),
        Written().begins(5, 1, "one").begins(6, 1, "one"),
        Written().begins(5, 1, "one").ends(4, 1),
        Written().enters(5, "one").leaves(4),
    ):
        answer = ask(in_file(wrong.bytes()))
        same(answer.status, 1)
        assert "damaged at byte" in answer.stderr and "process 100" in answer.stdout
    flipped = bytearray(Written().begins(5, 1, "one").bytes())
    flipped[flipped.rindex(b"one")] = 0xFF
    assert "a text is not UTF-8" in ask(in_file(bytes(flipped))).stderr


def piped(file, *options):
    with subprocess.Popen(["cat", file], stdout=subprocess.PIPE) as cat:
        return program("/dev/stdin", *options, stdin=cat.stdout)


def refused():
    file = trace_file("mapping")
    not_ours = Trace()
    not_ours.packet.add(timestamp=5).system_info.hz = 100
    for path, why in (
        ("/nowhere/at/all", "No such file or directory"),
        ("/", "Is a directory"),
        (b"", "the file is empty"),
        (b"#!/bin/sh\n", "not a trace that procession has written"),
        (not_ours.SerializeToString(), "not a trace that procession has written"),
    ):
        answer = program(in_file(path) if isinstance(path, bytes) else path)
        same((answer.returncode, answer.stdout), (1, ""))
        assert why in answer.stderr and answer.stderr.startswith("procession-trace: ")
    answer = program(file, "--tree", "no such")
    same((answer.returncode, answer.stdout), (1, ""))
    assert "no task of that id or name: no such" in answer.stderr
    twice = piped(file, "--tree", "1")
    assert twice.returncode == 1 and "a pipe can be read only once" in twice.stderr
    same(piped(file).stdout, program(file).stdout)


def usage():
    file = trace_file("mapping")
    for options in ([], [file, "--first"], [file, "--limit", "3"], [file, "--tree", "1", "--limit", "0"], [file, "--what"],
                    [file, "--tree", "1", "--path", "1"], [file, "--path"]):
        answer = program(*options)
        same((answer.returncode, answer.stdout), (2, ""))
        assert answer.stderr.startswith("usage: procession-trace")


def ends():
    file = trace_file("mapping")
    with open("/dev/full", "w") as full:
        answer = subprocess.run([PROGRAM, file], stdout=full, stderr=subprocess.PIPE, text=True)
    same((answer.returncode, answer.stderr), (1, "procession-trace: standard output: No space left on device\n"))
    reader, writer = os.pipe()
    os.close(reader)
    answer = subprocess.run([PROGRAM, file], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    same((answer.returncode, answer.stderr), (-signal.SIGPIPE, b""))
    closed = subprocess.run(f"'{PROGRAM}' '{file}' >&-", shell=True, stderr=subprocess.PIPE, text=True)
    same((closed.returncode, closed.stderr), (1, "procession-trace: standard output: it is closed\n"))
