#!/usr/bin/env python3
"""Runs every command of README.md's shell blocks, as a reader would; fails on one it cannot judge.

Needs root: the commands that touch the network run in a network namespace of their own.
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMESPACE = f"ixreadme-{os.getpid()}"
background = []


def fail(sentence):
    sys.exit(f"README: {sentence}")


def inside(command):
    return ["ip", "netns", "exec", NAMESPACE, "bash", "-c", command]


def finish(command, seconds=60, text=None):
    result = subprocess.run(
        inside(command), cwd=ROOT, input=text, capture_output=True, text=True, timeout=seconds)
    if result.returncode != 0:
        fail(f"{command}: status {result.returncode}: {result.stdout}{result.stderr}")
    return result.stdout


def serve(command):
    """Starts a launcher and waits until the guest answers."""
    process = subprocess.Popen(
        inside("exec " + command), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True)
    background.append((command, process))
    seen = ""
    for line in process.stdout:
        seen += line
        if " answers on " in line:
            return
    fail(f"{command}: never answered: {seen}")


def stop_all():
    """Ends what runs, as Ctrl-C does, and expects status 0."""
    while background:
        command, process = background.pop()
        os.killpg(process.pid, signal.SIGINT)
        process.stdout.read()
        if process.wait(timeout=20) not in (0, -signal.SIGINT, 130):
            fail(f"{command}: status {process.returncode} after Ctrl-C")


def echo(command):
    text = "one packet, all the way\n"
    if finish(f"timeout 10 {command} -N", text=text) != text:
        fail(f"{command}: not what was sent")


def ping(command):
    if " 0% packet loss" not in finish(f"{command} -c 3 -i 0.2"):
        fail(f"{command}: lost packets")


def tested_elsewhere(command):
    """`make test` runs this script: running it from here would never end."""


RULES = [
    (r"make run", serve),
    (r"make test", tested_elsewhere),
    (r"nc 127\.0\.0\.1 \d+", echo),
    (r"ip (tuntap|addr|link) .*", finish),
    (r"\S*ixlaunch run .* --detach", finish),
    (r"\S*ixlaunch run .*", serve),
    (r"\S*ixlaunch (list|stats|top|logs|capture|tune|metrics|stop)( .*)?", finish),
    (r"(curl|gdb) .*", finish),
    (r"\S*ixlaunch (inspect|doctor|build) .*|\S*ixlaunch doctor", finish),
    (r"ping \S+", ping),
]


def run(command):
    print(f"$ {command}", flush=True)
    for pattern, action in RULES:
        if re.fullmatch(pattern, command):
            return action(command)
    fail(f"no test knows how to judge the command: {command}")


def check_example(text):
    """The example application is the echo application, line by line."""
    example = re.search(r"^```swift\n(.*?)^```", text, re.M | re.S).group(1)
    source = (ROOT / "Sources/Applications/Echo/Echo.swift").read_text()
    real = {line.strip() for line in source.splitlines()}
    for line in example.splitlines():
        if line.strip() not in real | {""}:
            fail(f"the example is not what Sources/Applications/Echo says: {line}")
    # The path of a packet and the layout name files that exist.
    for name in re.findall(r"`([A-Z]\w+/[\w+]+\.(?:swift|asm))`", text):
        if not any((ROOT / folder / name).exists() for folder in (".", "Sources")):
            fail(f"there is no file {name}")


def main():
    text = (ROOT / "README.md").read_text()
    check_example(text)
    if os.geteuid() != 0:
        print("README: not tested, network namespaces need root")
        return
    # Continued lines are one command; comments explain.
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    commands = [
        line.split("  #")[0].strip() for block in blocks
        for line in block.replace("\\\n", " ").splitlines() if line.strip()]
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    try:
        finish("ip link set lo up")
        for command in commands:
            if re.search("make run|ixlaunch run", command):
                stop_all()
            run(re.sub(r"\s+", " ", command))
        stop_all()
    finally:
        for _, process in background:
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.2)
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=False)
    print(f"README: {len(commands)} commands do what it says")


if __name__ == "__main__":
    main()
