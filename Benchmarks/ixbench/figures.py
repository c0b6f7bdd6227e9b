"""The figures that are runs of a load generator against a service: which, with what."""
import dataclasses

IX, LINUX, LINUX_DEFAULT, PATH, LOOPBACK = "ix", "linux", "linux-default", "path", "loopback"
SOURCES = ("--sources", "10.9.1.1-10.9.1.16")


@dataclasses.dataclass
class Figure:
    """Cases run against each target in turn, every target anew in each round."""
    name: str
    title: str
    # Name of a case, and the arguments of ixload.
    cases: dict
    # (label, target, service, options of the kernel): what is compared.
    sides: list
    # What is compared: a key of ixload's figures.
    key: str = "rate"
    unit: str = "requests/s"
    memory: int = 256
    # Whether target and client have a processor each; otherwise they share all there are.
    pinned: bool = True
    # Rounds, if fewer than usual.
    most_rounds: int = 99
    # Seconds that one run of ixload may take.
    patience: int = 120

    def admit(self, target):
        """Compares one more target, if it has what this figure measures."""
        service = self.sides[0][2]
        if target.offers(service) and not self.sides[0][3]:
            self.sides = [*self.sides, (target.name, target.name, service, "")]


def sides(service, *targets):
    return [(name, name, service, "") for name in targets]


def closed(name, connections, seconds, *more):
    return (name, "--connections", connections, "--seconds", seconds, "--warm-up", 0.3, *more)


def figures(seconds):
    """All of them, with so many seconds for each case."""
    echo = {n: closed("echo", n, seconds) for n in (1, 16, 64)}
    sizes = [64, 256, 1024, 1460, 4096, 16384, 65536]
    return [
        Figure("echo", "64-byte echo, closed loop, by connections", echo,
               sides("echo", IX, LINUX, LINUX_DEFAULT, PATH, LOOPBACK)),
        Figure("memcached", "memcached, 64 connections, closed loop",
               {name: closed("memcached", 64, seconds, *options, "--keys", 2000)
                for name, options in (
                    ("usr", ("--mix", "usr")), ("etc", ("--mix", "etc")),
                    ("usr binary", ("--mix", "usr", "--format", "binary")))},
               sides("memcached", IX, LINUX)),
        Figure("http", "HTTP GET of 612 bytes, 64 connections kept, closed loop",
               {"612 B": closed("http", 64, seconds)},
               [("ix", IX, "http", ""), ("linux nginx", LINUX, "http", ""),
                ("linux canned", LINUX, "http-canned", ""),
                ("path canned", PATH, "http-canned", "")]),
        Figure("bulk-up", "Bulk to the server, one flow",
               {"up": ("bulk", "up", "--seconds", seconds)},
               sides("bulk-up", IX, LINUX, PATH), key="mbits", unit="Mbit/s"),
        Figure("bulk-down", "Bulk from the server, one flow",
               {"down": ("bulk", "down", "--seconds", seconds)},
               sides("bulk-down", IX, LINUX, PATH), key="mbits", unit="Mbit/s"),
        Figure("sizes", "Echo by message size in bytes, one connection",
               {n: closed("echo", 1, seconds / 2, "--minimum-size", n, "--maximum-size", n)
                for n in sizes},
               sides("echo", IX, LINUX, PATH), unit="messages/s"),
        Figure("latency-echo", "64-byte echo, latency against offered load, 64 connections",
               {rate: ("echo", "--connections", 64, "--rate", rate, "--seconds", seconds,
                       "--warm-up", 0.3)
                for rate in (500, 1000, 2000, 4000, 8000, 12000, 16000, 24000, 32000)},
               sides("echo", IX, LINUX, PATH), key="p99us", unit="us", most_rounds=3),
        Figure("latency-memcached",
               "memcached USR, latency against offered load, 64 connections",
               {rate: ("memcached", "--connections", 64, "--rate", rate, "--seconds", seconds,
                       "--warm-up", 0.3, "--keys", 2000)
                for rate in (500, 1000, 2000, 4000, 8000, 12000, 16000, 24000)},
               sides("memcached", IX, LINUX), key="p99us", unit="us", most_rounds=3),
        Figure("batch", "64-byte echo by the bound B, 64 connections",
               {"64 connections": closed("echo", 64, seconds)},
               [(bound, IX, "echo", f"batch={bound}") for bound in (1, 2, 4, 8, 16, 32, 64)],
               most_rounds=3),
        Figure("connections", "64-byte echo by open connections, 16 messages under way",
               {n: ("echo", "--connections", n, "--active", 16, "--seconds", seconds, *SOURCES)
                for n in (16, 100, 1000, 10000, 30000)},
               sides("echo", IX, LINUX), memory=512, most_rounds=3),
        Figure("many", "64-byte echo with 250,000 open connections, 16 messages under way",
               {250000: ("echo", "--connections", 250000, "--active", 16, "--seconds", seconds,
                         "--patience", 60, *SOURCES)},
               sides("echo", IX, LINUX), memory=4096, most_rounds=1, patience=400),
        Figure("cores",
               "64-byte echo with two cores and with one, 64 connections, processors shared",
               {"64 connections": closed("echo", 64, seconds)},
               [("ix", IX, "echo", "cores=2"), ("ix 1 core", IX, "echo", "cores=1")],
               pinned=False),
        Figure("churn", "connect, echo 64 bytes, close by FIN; 16 at one time",
               {"16": ("echo", "--connections", 16, "--per-connection", 1, "--seconds", seconds,
                       *SOURCES)},
               sides("echo", IX, LINUX, PATH), unit="connections/s"),
    ]
