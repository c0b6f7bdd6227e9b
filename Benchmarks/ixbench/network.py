"""Two network namespaces: the client's, with the tap of the guest, and one for a native peer."""
import os
import subprocess

HOST = "10.9.0.1"
GUEST = "10.9.0.2"
# QEMU's usual one. It is known beforehand, so that no figure waits for ARP's one second.
GUEST_HARDWARE = "52:54:00:12:34:56"
# Further addresses of the client, so that ports suffice for many connections.
FIRST_SOURCE, LAST_SOURCE = "10.9.1.1", "10.9.1.16"


def run(*command):
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, timeout=60)


class Network:
    def __init__(self):
        self.namespace = f"ixbench{os.getpid()}"
        self.peer = f"ixbench{os.getpid()}p"

    def inside(self, *command):
        return ["ip", "netns", "exec", self.namespace, *map(str, command)]

    def __enter__(self):
        for namespace, address in ((self.namespace, HOST), (self.peer, GUEST)):
            run("ip", "netns", "add", namespace)
            inside = ("ip", "netns", "exec", namespace)
            run(*inside, "ip", "link", "set", "lo", "up")
            run(*inside, "ip", "tuntap", "add", "tap0", "mode", "tap", "vnet_hdr")
            if address == GUEST:
                run(*inside, "ip", "link", "set", "tap0", "address", GUEST_HARDWARE)
            run(*inside, "ip", "addr", "add", f"{address}/16", "dev", "tap0")
            run(*inside, "ip", "link", "set", "tap0", "up")
        run(*self.inside("ip", "neigh", "add", GUEST, "lladdr", GUEST_HARDWARE, "dev", "tap0",
                         "nud", "permanent"))
        for last in range(1, 17):
            run(*self.inside("ip", "addr", "add", f"10.9.1.{last}/16", "dev", "tap0"))
        run(*self.inside("sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=1024 65535",
                         "net.ipv4.tcp_tw_reuse=1"))
        return self

    def __exit__(self, *_):
        for namespace in (self.namespace, self.peer):
            subprocess.run(["ip", "netns", "del", namespace], check=False)
