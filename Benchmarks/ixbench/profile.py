"""Where a guest's instructions go, by function, for what IX is slow at."""
import subprocess

from .counts import compile_plugin
from .load import ixload
from .target import ROOT, Running, Target

IMAGES = ROOT / ".build/images"
LINES = 14


def measure(bench):
    """The heaviest functions of IX, per message or per MiB."""
    plugin = compile_plugin(bench)
    many = ("--connections", 64, "--messages", 20000)
    large = ("echo", "--minimum-size", 65536, "--maximum-size", 65536, "--messages", 300)
    bulk = ("--seconds", 2)
    return {name: _profile(bench, plugin, *case) for name, case in {
        "echo of 64 bytes, 64 connections, per message": ("echo", ("echo", *many), "echo"),
        "memcached GET, 64 connections, per message": (
            "memcached", ("memcached", "--mix", "get", "--keys", 500, *many), "kv"),
        "HTTP GET of 612 bytes, 64 connections, per message": ("http", ("http", *many), "page"),
        "echo of 64 KB, per message": ("echo", large, "echo"),
        "bulk to IX, per MiB": ("bulk-up", ("bulk", "up", *bulk), "bulk"),
        "bulk from IX, per MiB": ("bulk-down", ("bulk", "down", *bulk), "bulk"),
    }.items()}


def _profile(bench, plugin, service, arguments, image):
    bench.say(f"profile: {service}")
    file = bench.folder / "profile"
    counting = f"{plugin},out={bench.folder / 'out'},profile={file}"
    with Running(bench, Target("ix"), service, plugins=[counting]) as running:
        figures = ixload(bench, running, arguments)
    count = figures["messages"] if "messages" in figures else figures["bytes"] / (1 << 20)
    shown = subprocess.run(
        [ROOT / "Tests/Measurements/profile.py", file, str(count), IMAGES / f"{image}.elf"],
        capture_output=True, text=True, timeout=120)
    return shown.stdout.splitlines()[:LINES] or [shown.stderr.strip()[-200:]]
