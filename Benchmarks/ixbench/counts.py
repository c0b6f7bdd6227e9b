"""Figures that are counts of what a guest executes: the same on every machine."""
import struct
import subprocess

from .load import ixload
from .target import ROOT, Refused, Running, Target

SOURCE = ROOT / "Tests/Measurements/instructions.c"
# As in `struct counters` of the plugin.
NAMES = ("kernel", "user", "idle", "system_calls", "idle_cycles", "kernel_now", "user_now",
         "device_reads", "device_writes", "ports", "halts", "register_writes", "moved_bytes")


def cases(messages):
    """Name, service by target, arguments of ixload without their number of messages."""
    everywhere = {"ix": "echo", "linux": "echo"}
    echo = ("echo", "--connections")
    large = ("--minimum-size", 65536, "--maximum-size", 65536)
    return [
        ("echo 64 B, 1 connection", everywhere, (*echo, 1), messages),
        ("echo 64 B, 64 connections", everywhere, (*echo, 64), 8 * messages),
        ("echo 64 KB, 1 connection", everywhere, (*echo, 1, *large), messages // 10),
        ("memcached GET, 64 connections", {"ix": "memcached", "linux": "memcached"},
         ("memcached", "--mix", "get", "--keys", 500, "--connections", 64), 8 * messages),
        ("HTTP GET 612 B, 64 connections", {"ix": "http", "linux": "http"},
         ("http", "--connections", 64), 4 * messages),
        ("HTTP GET 612 B, canned, 64 connections", {"linux": "http-canned"},
         ("http", "--connections", 64), 8 * messages),
    ]


# Per MiB: so many seconds of bulk data in one direction.
BULK = {"bulk to the server, 1 MiB": "bulk-up", "bulk from the server, 1 MiB": "bulk-down"}
BULK_SECONDS = 3


def compile_plugin(bench):
    plugin = bench.folder / "instructions.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", str(SOURCE), "-o", str(plugin)], check=True)
    return plugin


class Counters:
    """The plugin's counters, readable while a guest runs."""

    def __init__(self, bench, plugin, events):
        self.file = bench.folder / "counters"
        self.argument = f"{plugin},live={self.file}" + (",events=on" if events else "")

    def read(self):
        values = dict(zip(NAMES, struct.unpack(f"<{len(NAMES)}Q", self.file.read_bytes())))
        values["kernel"] += values.pop("kernel_now")
        values["user"] += values.pop("user_now")
        return values


def measure(bench, messages=1000):
    """Per message, by case and target. A first load warms up; the second is counted. Events are
    counted in boots of their own: they slow the guest down, and Linux has a clock that ticks."""
    plugin = compile_plugin(bench)
    results, failures = {}, {}
    for events in (False, True):
        for (target, _), group in _boots(bench, messages, events).items():
            _measure_boot(bench, plugin, events, target, group, results, failures)
    return {"results": results, "failures": failures}


def _boots(bench, messages, events):
    """Cases by what has to be booted for them: those that one guest serves share it."""
    boots = {}
    bulk = [] if events else [
        (name, {"ix": service, "linux": service}, ("bulk", service.split("-")[1]), None)
        for name, service in BULK.items()]
    for name, services, arguments, count in cases(messages // 4 if events else messages) + bulk:
        for target, service in services.items():
            command = " ".join(Target(target).command(service, bench.network))
            boots.setdefault((target, command), []).append((name, service, arguments, count))
    return boots


def _measure_boot(bench, plugin, events, target, group, results, failures):
    counters = Counters(bench, plugin, events)
    kept = NAMES[7:] if events else NAMES[:5]
    # An IX that never sleeps: its idle cycles are told apart by the plugin.
    options = "spin=999999999" if target == "ix" else ""
    try:
        with Running(bench, Target(target), group[0][1], options=options,
                     plugins=[counters.argument]) as running:
            for name, running.service, arguments, count in group:
                bench.say(f"counts{' (events)' if events else ''}: {name}, {target}")
                found = (_count(bench, counters, running, arguments, count) if count
                         else _count_bulk(bench, counters, running, arguments))
                results.setdefault(name, {}).setdefault(target, {}).update(
                    {key: found[key] for key in kept})
    except Refused as reason:
        failures[f"{group[0][0]}/{target}"] = str(reason)


def _load(bench, counters, running, arguments):
    before = counters.read()
    figures = ixload(bench, running, arguments, seconds=200)
    after = counters.read()
    return figures, {key: after[key] - before[key] for key in after}


def _count_bulk(bench, counters, running, arguments):
    figures, found = _load(bench, counters, running, (*arguments, "--seconds", BULK_SECONDS))
    return {key: value / (figures["bytes"] / (1 << 20)) for key, value in found.items()}


def _count(bench, counters, running, arguments, messages):
    """Connecting and, for memcached, setting the keys cost the same in both loads."""
    few = max(messages // 4, 64)
    _, small = _load(bench, counters, running, (*arguments, "--messages", few))
    _, large = _load(bench, counters, running, (*arguments, "--messages", few + messages))
    return {key: (large[key] - small[key]) / messages for key in large}
