"""Where a guest's instructions go, by function, for what IX is slow at."""
import subprocess

from .counts import compile_plugin
from .load import ixload
from .target import ROOT, Running, Target

KERNEL = ".build/guest/x86_64-unknown-none-elf/release/kernel"
APPLICATIONS = ".build/guest-applications/x86_64-unknown-none-elf/release"
LINES = 14


def measure(bench):
    """The heaviest functions of IX, per message or per MiB."""
    plugin = compile_plugin(bench)
    bulk = ("--seconds", 2)
    large = ("echo", "--minimum-size", 65536, "--maximum-size", 65536, "--messages", 300)
    return {name: _profile(bench, plugin, *case) for name, case in {
        "bulk to IX, per MiB": ("bulk-up", ("bulk", "up", *bulk), "bulk", "mebibytes"),
        "bulk from IX, per MiB": ("bulk-down", ("bulk", "down", *bulk), "bulk", "mebibytes"),
        "echo of 64 KB, per message": ("echo", large, "echo", "messages"),
    }.items()}


def _profile(bench, plugin, service, arguments, application, unit):
    bench.say(f"profile: {service}")
    file = bench.folder / "profile"
    counting = f"{plugin},out={bench.folder / 'out'},profile={file}"
    with Running(bench, Target("ix"), service, plugins=[counting]) as running:
        figures = ixload(bench, running, arguments)
    count = figures["bytes"] / (1 << 20) if unit == "mebibytes" else figures["messages"]
    shown = subprocess.run(
        [ROOT / "Tests/Measurements/profile.py", file, str(count), ROOT / KERNEL,
         ROOT / APPLICATIONS / application], capture_output=True, text=True, timeout=120)
    return shown.stdout.splitlines()[:LINES] or [shown.stderr.strip()[-200:]]
