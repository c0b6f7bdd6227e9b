"""Runs the load generators."""
import json
import subprocess

from .target import ROOT, Refused

LOAD = ROOT / ".build/release/ixload"


def ixload(bench, running, arguments, seconds=120):
    """The figures of one run of ixload against a running target, with its processor time."""
    words = [str(word) for word in arguments]
    command = bench.network.inside(
        *running.placed(bench.client_cpu), LOAD, *words, "--json",
        "--address", running.target.address(running.service),
        "--port", running.target.port(running.service))
    before = running.cpu_seconds()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Refused(f"ixload {' '.join(words)} took longer than {seconds} s") from None
    if done.returncode != 0 or not done.stdout.strip():
        raise Refused(f"ixload {' '.join(words)}: {done.stderr.strip()[:300]}")
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    used = running.cpu_seconds() - before
    # What the target's processes spent on one message, or MiB: those before the measured ones, to
    # warm up or to set keys, are among them.
    count = figures.get("all") or figures["bytes"] / (1 << 20)
    figures["cpu_us"] = used * 1e6 / max(count, 1)
    return figures
