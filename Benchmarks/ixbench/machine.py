"""What the figures were measured on."""
import os
import pathlib
import platform
import subprocess

from .target import ROOT


def load():
    """Processes that wanted a processor in the last minute, on average."""
    return os.getloadavg()[0]


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=ROOT)
    except (OSError, subprocess.TimeoutExpired):
        return "-"
    return (done.stdout or done.stderr).strip().split("\n")[0]


def facts():
    processors = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in processors.splitlines()
                  if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    guest = next((ROOT / ".build/linux/packages").glob("linux-image*.deb"), None)
    versions = {name: next((file.name.split("_")[1] for file in
                            (ROOT / ".build/linux/packages").glob(f"{name}_*.deb")), "-")
                for name in ("memcached", "nginx", "libc6")}
    return {
        "processor": f"{model}, {len(os.sched_getaffinity(0))} processors, {memory} GiB",
        "host kernel": platform.release(),
        "emulator": first_line("qemu-system-x86_64", "--version"),
        "Linux guest": guest.name.split("_")[1] if guest else "-",
        "memcached, nginx, libc6": ", ".join(versions.values()),
        "compilers": f"{first_line('swift', '--version')}; {first_line('gcc', '--version')}",
        "IX": first_line("git", "describe", "--always", "--dirty"),
    }
