"""Figures of whole guests: time to the first answer, sizes, memory."""
import subprocess
import time

from .load import ixload
from .target import ROOT, Refused, Running, Target

TARGETS = ("ix", "linux")


def boot(bench):
    """Seconds from starting the command until somebody has been answered, in rounds."""
    samples = {name: [] for name in TARGETS}
    failures = {}
    for number in range(bench.rounds):
        for name in TARGETS if number % 2 == 0 else TARGETS[::-1]:
            bench.say(f"boot: round {number + 1} of {bench.rounds}, {name}")
            try:
                with Running(bench, Target(name), "boot") as running:
                    samples[name].append(running.ready_after)
                    bench.commands[f"{name}/boot"] = running.command
            except Refused as reason:
                samples[name].append(None)
                failures[name] = str(reason)
    return {"samples": samples, "failures": failures}


def images(_):
    return {name: Target(name).image_bytes() for name in TARGETS}


def lwip(bench):
    """What `make compare-lwip` prints."""
    bench.say("lwip: our stack and lwIP, hosted")
    done = subprocess.run(
        [ROOT / "Tests/Measurements/compare-lwip"], capture_output=True, text=True, timeout=1200)
    lines = [line for line in done.stdout.splitlines() if line]
    return lines or {"failures": {"lwip": done.stderr.strip()[-200:] or "printed nothing"}}


def memory(bench):
    """The smallest guest, in MiB, in which 64 connections echo."""
    found = {}
    for name in TARGETS:
        # Downwards: one that is too small is waited for, so there is only one of them.
        for mebibytes in (256, 192, 128, 96, 64, 48, 32, 24, 16, 12, 8):
            bench.say(f"memory: {name} with {mebibytes} MiB")
            try:
                with Running(bench, Target(name), "echo", memory=mebibytes) as running:
                    ixload(bench, running, ("echo", "--connections", 64, "--messages", 3200))
            except Refused:
                break
            found[name] = mebibytes
    return found


def connections(bench, mebibytes=256):
    """How many connections a guest of so much memory takes: opened until it takes no more."""
    found = {}
    for name in TARGETS:
        bench.say(f"connections: {name} with {mebibytes} MiB")
        low, high = 1000, 120000
        try:
            while high - low > 2000:
                middle = (low + high) // 2
                start = time.monotonic()
                with Running(bench, Target(name), "echo", memory=mebibytes) as running:
                    try:
                        ixload(bench, running, (
                            "echo", "--connections", middle, "--messages", middle, "--active", 16,
                            "--patience", 4, "--sources", "10.9.1.1-10.9.1.16"))
                        low = middle
                    except Refused:
                        high = middle
                bench.say(f"connections: {middle} in {time.monotonic() - start:.0f} s")
            found[name] = low
        except Refused as reason:
            bench.say(str(reason))
    return found
