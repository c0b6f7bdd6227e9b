#!/usr/bin/env python3
"""Adds up an instruction profile by function.

usage: profile.py PROFILE REQUESTS KERNEL APPLICATION

PROFILE is what instructions.c wrote, KERNEL and APPLICATION are ELF files with symbols. Prints
instructions per request and function, most first.
"""
import bisect
import collections
import subprocess
import sys


def symbols(path):
    lines = subprocess.run(
        ["nm", "-n", path], capture_output=True, text=True, check=True).stdout.splitlines()
    found = (line.split(" ", 2) for line in lines)
    return [(int(parts[0], 16), parts[2]) for parts in found if parts[1] in "tTwW"]


def main():
    profile, requests, *images = sys.argv[1:]
    table = sorted(symbol for image in images for symbol in symbols(image))
    starts = [address for address, _ in table]
    totals = collections.Counter()
    with open(profile) as lines:
        for line in lines:
            address, count = line.split()
            index = bisect.bisect_right(starts, int(address, 16)) - 1
            totals[table[index][1] if index >= 0 else "?"] += int(count)
    names = [name for name, _ in totals.most_common(60)]
    demangled = subprocess.run(
        ["swift", "demangle", "--compact", "--simplified"], input="\n".join(names),
        capture_output=True, text=True, check=True).stdout.splitlines()
    for name, shown in zip(names, demangled):
        print(f"{totals[name] / float(requests):10.1f}  {shown[:120]}")


if __name__ == "__main__":
    main()
