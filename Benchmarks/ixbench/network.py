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
        self.queues = 1

    def inside(self, *command):
        return ["ip", "netns", "exec", self.namespace, *map(str, command)]

    def __enter__(self):
        for namespace, address in ((self.namespace, HOST), (self.peer, GUEST)):
            run("ip", "netns", "add", namespace)
            run("ip", "-n", namespace, "link", "set", "lo", "up")
            self._add_tap(namespace, address)
        run(*self.inside("sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=1024 65535",
                         "net.ipv4.tcp_tw_reuse=1"))
        return self

    def _add_tap(self, namespace, address, *kind):
        inside = ("ip", "-n", namespace)
        run(*inside, "tuntap", "add", "tap0", "mode", "tap", "vnet_hdr", *kind)
        if address == GUEST:
            run(*inside, "link", "set", "tap0", "address", GUEST_HARDWARE)
        run(*inside, "addr", "add", f"{address}/16", "dev", "tap0")
        run(*inside, "link", "set", "tap0", "up")
        if address == GUEST:
            return
        run(*inside, "neigh", "add", GUEST, "lladdr", GUEST_HARDWARE, "dev", "tap0", "nud",
            "permanent")
        for last in range(1, 17):
            run(*inside, "addr", "add", f"10.9.1.{last}/16", "dev", "tap0")

    def provide_queues(self, count):
        """Makes the guest's tap anew where it must have several queues, or must not."""
        if (count > 1) != (self.queues > 1):
            run("ip", "-n", self.namespace, "link", "del", "tap0")
            self._add_tap(self.namespace, HOST, *(["multi_queue"] if count > 1 else []))
        self.queues = count

    def __exit__(self, *_):
        for namespace in (self.namespace, self.peer):
            subprocess.run(["ip", "netns", "del", namespace], check=False)
