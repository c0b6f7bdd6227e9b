#!/usr/bin/env python3
"""Adds up an instruction profile by function.

usage: profile.py PROFILE REQUESTS IMAGE

PROFILE is what instructions.c wrote, IMAGE an ELF file with symbols. Prints instructions per request
and function, most first.
"""
import bisect
import collections
import pathlib
import subprocess
import sys


def by_address(path):
    """How often each instruction ran."""
    lines = (line.split() for line in path.read_text().splitlines())
    return collections.Counter({int(address, 16): int(count) for address, count in lines})


def by_function(counts, image):
    """(instructions, name) of each function of `image`, most first."""
    table = functions(image)
    starts = [address for address, _ in table]
    totals = collections.Counter()
    for address, count in counts.items():
        index = bisect.bisect_right(starts, address) - 1
        totals[table[index][1] if index >= 0 else "?"] += count
    ordered = totals.most_common()
    names = demangled([name for name, _ in ordered])
    return [(count, name) for (_, count), name in zip(ordered, names)]


def functions(image):
    lines = run("nm", "-n", image).splitlines()
    found = (line.split(" ", 2) for line in lines)
    return [(int(parts[0], 16), parts[2]) for parts in found if parts[1] in "tTwW"]


def demangled(names):
    return run("swift", "demangle", "--compact", "--simplified", text="\n".join(names)).splitlines()


def run(*command, text=None):
    return subprocess.run(
        list(map(str, command)), input=text, capture_output=True, text=True, check=True).stdout


def show(counts, requests, image):
    """Prints what takes at least one instruction per request."""
    for count, name in by_function(counts, image):
        if count >= requests:
            print(f"{count / requests:10.1f}  {name[:120]}")


def main():
    profile, requests, image = sys.argv[1:]
    show(by_address(pathlib.Path(profile)), float(requests), image)


if __name__ == "__main__":
    main()
