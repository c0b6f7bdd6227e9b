"""Figures of whole guests: time to the first answer, sizes, memory."""
import resource
import subprocess

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
    """How many connections a guest of so much memory takes: opened until it takes no more, or until
    the client may open no more sockets."""
    most = min(120000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 64)
    found, failures = {}, {}
    for name in TARGETS:
        try:
            found[name] = _most_connections(bench, name, mebibytes, most)
        except Refused as reason:
            failures[name] = str(reason)
    return {**found, "failures": failures}


def _most_connections(bench, name, mebibytes, most):
    if _takes(bench, name, mebibytes, most):
        raise Refused(f"takes all of the {most} connections that the client can open")
    low, high = 0, most
    while high - low > 2000:
        middle = (low + high) // 2
        if _takes(bench, name, mebibytes, middle):
            low = middle
        else:
            high = middle
    return low


def _takes(bench, name, mebibytes, count):
    bench.say(f"connections: {count} to {name} with {mebibytes} MiB")
    with Running(bench, Target(name), "echo", memory=mebibytes) as running:
        try:
            ixload(bench, running, (
                "echo", "--connections", count, "--messages", count, "--active", 16,
                "--patience", 4, "--sources", "10.9.1.1-10.9.1.16"))
        except Refused:
            return False
    return True
