"""A guest under QEMU/TCG whose instructions are counted, on a tap in a network namespace of its own.

Counts do not depend on the machine, but how many messages share a batch does, a little.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
IMAGES = ROOT / ".build/images"
LOADER = ROOT / ".build/release/ixload"
GUEST = "10.9.0.2"
# Microseconds of polling before a core sleeps.
NO_SLEEP = 999_999_999


class Laboratory:
    """Namespace, plugin and folder; `with` removes all three at its end."""

    def __init__(self, program, qemu="qemu-system-x86_64", prefix=24):
        if os.geteuid() != 0:
            sys.exit(f"{program}: making a network namespace needs root")
        self.program, self.qemu, self.prefix = program, qemu, prefix
        self.namespace = f"ixcount{os.getpid()}"

    def __enter__(self):
        self.keeper = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.keeper.name)
        self.plugin = self.folder / "instructions.so"
        run("gcc", "-O2", "-shared", "-fPIC", HERE / "instructions.c", "-o", self.plugin)
        run("ip", "netns", "add", self.namespace)
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "del", self.namespace], check=False)
        self.keeper.cleanup()

    def inside(self, *command):
        return ["ip", "netns", "exec", self.namespace, *map(str, command)]

    def make_tap(self, queues):
        several = ["multi_queue"] if queues > 1 else []
        run(*self.inside("ip", "tuntap", "add", "tap0", "mode", "tap", "vnet_hdr", *several))
        run(*self.inside("ip", "addr", "add", f"10.9.0.1/{self.prefix}", "dev", "tap0"))
        run(*self.inside("ip", "link", "set", "tap0", "up"))
        return several

    def boot(self, image, cores, memory, plugin, log, spin=NO_SLEEP):
        several = self.make_tap(cores)
        network = "tap,id=n0,ifname=tap0,script=no,downscript=no"
        card = "virtio-net-pci,netdev=n0,romfile="
        if several:
            network += f",queues={cores}"
            card += f",mq=on,rss=on,hash=on,vectors={2 * cores + 2}"
        return subprocess.Popen(self.inside(
            self.qemu, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", "q35", "-accel", "tcg", "-cpu", "max",
            "-smp", max(cores, 2), "-m", memory, "-kernel", IMAGES / f"{image}.elf", "-append",
            f"ip={GUEST}/{self.prefix} gateway=10.9.0.1 cores={cores} spin={spin}",
            "-serial", f"file:{log}", "-monitor", "none",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
            "-netdev", network, "-device", card, "-plugin", plugin), stderr=subprocess.DEVNULL)

    def wait_until_listening(self, log, guest):
        for _ in range(600):
            if guest.poll() is not None:
                sys.exit(f"{self.program}: the guest ended before it listened")
            if log.exists() and b"listening" in log.read_bytes():
                return
            time.sleep(0.05)
        sys.exit(f"{self.program}: the guest does not listen after 30 s")

    def counters(self, image, load, *, cores=1, memory=64, plugin="", spin=NO_SLEEP,
                 timeout=120):
        """What the plugin has counted during one boot and one run of ixload with `load`."""
        out, log = self.folder / "out", self.folder / "log"
        log.unlink(missing_ok=True)
        guest = self.boot(
            image, cores, memory, f"{self.plugin},out={out}{plugin}", log, spin)
        try:
            self.wait_until_listening(log, guest)
            run(*self.inside(LOADER, *load, "--address", GUEST), timeout=timeout)
        finally:
            guest.terminate()
            guest.wait(timeout=30)
            subprocess.run(self.inside("ip", "link", "del", "tap0"), check=False)
        words = out.read_text().split()
        return dict(zip(words[::2], map(int, words[1::2])))


def run(*command, timeout=120):
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, timeout=timeout)


def cost(few, many, requests):
    """Instructions and system calls of each of `requests` requests more, and of an idle cycle."""
    costs = {name: (many[key] - few[key]) / requests for name, key in
             (("kernel", "kernel"), ("application", "user"), ("calls", "system_calls"))}
    costs["total"] = costs["kernel"] + costs["application"]
    return {**costs, "idle": many["idle"] / max(many["idle_cycles"], 1)}
