"""What is measured: targets described by files, and one of them running."""
import json
import os
import pathlib
import shlex
import signal
import subprocess
import time

from . import network

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = ROOT / "Benchmarks/Targets"
FIRMWARE = pathlib.Path("/usr/share/qemu/qboot.rom")

# One processor, as QEMU has one to itself: with more, its TCG would emulate atomic instructions,
# which costs Linux half of its speed. Without ERMS and FSRM Linux copies by words: TCG executes
# `rep movsb` byte by byte, as no processor does.
QEMU = ("qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -machine q35"
        " -accel tcg -cpu max,erms=off,fsrm=off -smp {processors} -m {memory} -serial stdio -monitor none"
        " -device isa-debug-exit,iobase=0xf4,iosize=0x04"
        " -netdev tap,id=n0,ifname=tap0,script=no,downscript=no,vhost=off"
        " -device virtio-net-pci,netdev=n0,romfile=,disable-legacy=on")
# What the two devices have besides, for a guest with a queue pair for each of its processors.
QUEUES = (",queues={processors}", ",mq=on,rss=on,hash=on,vectors={vectors}")


class Target:
    """A description from Benchmarks/Targets: NAME.json."""

    def __init__(self, name):
        self.name = name
        self.description = json.loads((TARGETS / f"{name}.json").read_text())
        self.title = self.description["title"]

    def offers(self, service):
        return service in self.description["services"]

    def image_bytes(self):
        files = self.description.get("image", [])
        return sum(os.path.getsize(name.format(root=ROOT)) for name in files) or None

    def command(self, service, net, memory=256, processors=1, options="", plugins=()):
        qemu = QEMU.format(memory=memory, processors=processors)
        if processors > 1:
            netdev, device = QUEUES
            qemu = (qemu.replace("vhost=off", "vhost=off" + netdev) + device).format(
                processors=processors, vectors=2 * processors + 2)
        if FIRMWARE.exists():
            qemu += f" -bios {FIRMWARE}"
        for plugin in plugins:
            qemu += f" -plugin {plugin}"
        text = self.description["services"][service]["command"].format(
            root=ROOT, guest=network.GUEST, host=network.HOST, qemu=qemu,
            options=self._options(options), namespace=net.namespace, peer=net.peer)
        return shlex.split(text)

    def _options(self, given):
        """The description's own, where `given` does not set the same."""
        usual = self.description.get("options", "").split()
        names = {word.split("=")[0] for word in given.split()}
        return " ".join([word for word in usual if word.split("=")[0] not in names] + given.split())

    def port(self, service):
        return self.description["services"][service]["port"]

    def address(self, service):
        return self.description["services"][service].get("address", network.GUEST)


class Refused(Exception):
    """A target did not come up, or ended while it was measured."""


class Running:
    """A target that answers on a service's port, on one processor unless `pinned` is false."""

    def __init__(self, bench, target, service, pinned=True, **machine):
        self.bench, self.target, self.service = bench, target, service
        self.pinned, self.queues = pinned, machine.get("processors", 1)
        self.command = target.command(service, bench.network, **machine)
        self.log = bench.folder / f"{target.name}.log"

    def __enter__(self):
        command = [*self.placed(self.bench.target_cpu), *self.command]
        self.bench.network.provide_queues(self.queues)
        self.log.unlink(missing_ok=True)
        probe = self._start_probe()
        self.started = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.bench.network.inside(*command), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)
        try:
            self._wait(probe)
        except BaseException:
            self.__exit__()
            raise
        return self

    def placed(self, processor):
        """How a command begins that has `processor` to itself, if anything has."""
        return ["taskset", "-c", str(processor)] if self.pinned else []

    def _start_probe(self, seconds=60):
        """Its start is not part of what is timed."""
        probe = subprocess.Popen(
            self.bench.network.inside(
                "taskset", "-c", self.bench.client_cpu, "python3", "-c", PROBE,
                self.target.address(self.service), self.target.port(self.service), seconds),
            stdout=subprocess.PIPE, text=True)
        probe.stdout.readline()
        return probe

    def _wait(self, probe, seconds=60):
        try:
            answer, _ = probe.communicate(timeout=seconds + 20)
        except subprocess.TimeoutExpired:
            probe.kill()
            answer = ""
        if probe.returncode != 0 or self.process.poll() is not None:
            tail = self.log.read_bytes()[-300:].decode(errors="replace").strip()
            raise Refused(f"{self.target.name}/{self.service} does not answer: {tail}")
        self.ready_after = float(answer) - self.started

    def cpu_seconds(self):
        """Processor time of the target's processes so far."""
        total = 0
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                if int(fields[3]) != self.process.pid:  # session
                    continue
                for task in (entry / "task").iterdir():
                    total += int((task / "schedstat").read_text().split()[0])
            except (OSError, IndexError, ValueError):
                continue
        return total / 1e9

    def __exit__(self, *_):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                continue


# Connects until somebody accepts; prints when that was. An answer counts, not an open port: the
# echo ports are asked to echo.
PROBE = """
import socket, sys, time
print("started", flush=True)
address, port, limit = sys.argv[1], int(sys.argv[2]), time.monotonic() + float(sys.argv[3])
while time.monotonic() < limit:
    try:
        with socket.create_connection((address, port), timeout=0.05) as peer:
            if port == 7:
                peer.settimeout(1)
                peer.sendall(b'x')
                if peer.recv(1) != b'x': continue
            print(time.monotonic())
            sys.exit(0)
    except OSError:
        time.sleep(0.005)
sys.exit(1)
"""
