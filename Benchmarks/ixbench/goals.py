"""What IX is meant to reach, and whether it did: the first table of the report."""
from . import statistics

shown = statistics.shown


class Goal:
    """One row: what is compared, both figures, what was reached of what was wanted."""

    def __init__(self, name, ix, other, reached, wanted, is_met, by_cpu="-"):
        self.name, self.ix, self.other, self.by_cpu = name, ix, other, by_cpu
        self.reached, self.wanted, self.is_met = reached, wanted, is_met

    def row(self):
        verdict = {True: "yes", False: "**no**", None: "not measured"}[self.is_met]
        cells = (self.name, self.ix, self.other, self.reached, self.by_cpu, self.wanted, verdict)
        return "| " + " | ".join(cells) + " |"


def all_goals(results):
    """Rows for all figures that there are samples of."""
    return [*_counts(results), *_ratios(results), *_loads(results), *_whole_guests(results)]


def samples(figure, label, case, key=None):
    key = key or figure["key"]
    return [run and run.get(key) for run in figure["samples"].get(label, {}).get(case, [])]


def pairs(figure, label, other, case):
    """(IX's values, the other's, ratios), holes left out."""
    both = [(a, b) for a, b in zip(samples(figure, label, case), samples(figure, other, case))
            if a and b]
    return [a for a, _ in both], [b for _, b in both], [a / b for a, b in both]


def _counts(results):
    found = results.get("counts", {}).get("results", {})
    for name, limit in (("echo 64 B, 1 connection", 3000), ("echo 64 B, 64 connections", 1500),
                        ("memcached GET, 64 connections", 2500),
                        ("HTTP GET 612 B, 64 connections", 4000)):
        total = {target: counts["kernel"] + counts["user"]
                 for target, counts in found.get(name, {}).items()}
        if "ix" not in total:
            yield Goal(f"guest instructions: {name}", "-", "-", "-", f"at most {limit:,}", None)
            continue
        ratio = f"1/{total['linux'] / total['ix']:.1f} of Linux" if "linux" in total else "-"
        yield Goal(f"guest instructions: {name}", f"{total['ix']:,.0f}",
                   f"{total['linux']:,.0f}" if "linux" in total else "-", ratio,
                   f"at most {limit:,}", total["ix"] <= limit)


RATIOS = [
    ("64-byte echo, 1 connection", "echo", "ix", "linux", "1", 1, "1x"),
    ("64-byte echo, 16 connections", "echo", "ix", "linux", "16", 1, "1x"),
    ("64-byte echo, 64 connections", "echo", "ix", "linux", "64", 5, "5x"),
    ("memcached USR, 64 connections", "memcached", "ix", "linux", "usr", 5, "5x"),
    ("memcached ETC, 64 connections", "memcached", "ix", "linux", "etc", 3.6, "3.6x"),
    ("HTTP 612 B, nginx", "http", "ix", "linux nginx", "612 B", 10, "10x"),
    ("HTTP 612 B, canned replies", "http", "ix", "linux canned", "612 B", 4, "4x"),
    ("bulk to the server", "bulk-up", "ix", "linux", "up", 1.5, "1.5x"),
    ("bulk from the server", "bulk-down", "ix", "linux", "down", 1.5, "1.5x"),
    ("echo of 64 KB messages", "sizes", "ix", "linux", "65536", 1, "1x"),
    ("connect, echo, close", "churn", "ix", "linux", "16", 1, "1x"),
]


def _ratios(results):
    for name, figure, label, other, case, wanted, text in RATIOS:
        if figure not in results or "samples" not in results[figure]:
            yield Goal(name, "-", "-", "-", f"at least {text}", None)
            continue
        ours, theirs, ratios = pairs(results[figure], label, other, case)
        if not ratios:
            yield Goal(name, "-", "-", "-", f"at least {text}", None)
            continue
        low, high = statistics.spread(ratios)
        middle = statistics.median(ratios)
        unit = results[figure]["unit"]
        yield Goal(name, f"{shown(statistics.median(ours))} {unit}",
                   f"{shown(statistics.median(theirs))}",
                   f"{middle:.2f}x ({low:.2f}-{high:.2f})", f"at least {text}", middle >= wanted,
                   _by_cpu(results[figure], label, other, case))


def _by_cpu(figure, label, other, case):
    """How much more processor time the other used for the same work."""
    ratios = statistics.ratios(samples(figure, other, case, "cpu_us"),
                               samples(figure, label, case, "cpu_us"))
    return f"{statistics.median(ratios):.2f}x" if ratios else "-"


def _loads(results):
    """Latency at equal load, for every load that the Linux guest keeps up with."""
    for figure, name in (("latency-echo", "echo"), ("latency-memcached", "memcached USR")):
        if figure not in results or "samples" not in results[figure]:
            continue
        for key, title in (("p50us", "p50"), ("p99us", "p99")):
            worse, compared = [], 0
            for case in results[figure]["cases"]:
                runs = results[figure]["samples"]
                both = [(a[key], b[key]) for a, b in zip(runs["ix"][case], runs["linux"][case])
                        if a and b and not b["unfinished"]]
                if not both:
                    continue
                compared += 1
                if statistics.median([a / b for a, b in both]) > 1:
                    worse.append(case)
            yield Goal(f"{name}: {title} at equal load", "-", "-",
                       f"worse at {', '.join(worse)}/s" if worse else f"better at all {compared}",
                       "no worse at any", (not worse) if compared else None)


def _whole_guests(results):
    boot = results.get("boot", {}).get("samples", {})
    ours = [value for value in boot.get("ix", []) if value]
    theirs = [value for value in boot.get("linux", []) if value]
    if ours:
        low, high = statistics.spread(ours)
        other = f"{statistics.median(theirs) * 1000:,.0f} ms" if theirs else "-"
        yield Goal("first answer after starting the launcher",
                   f"{statistics.median(ours) * 1000:,.0f} ms", other,
                   f"{low * 1000:,.0f}-{high * 1000:,.0f} ms", "under 150 ms",
                   statistics.median(ours) < 0.15)
    images = results.get("images", {})
    if images:
        yield Goal("image (Linux: kernel and initramfs)", f"{images['ix'] / 1024:,.0f} KiB",
                   f"{images['linux'] / 1024:,.0f} KiB",
                   f"1/{images['linux'] / images['ix']:.0f} of Linux", "under 1 MiB",
                   images["ix"] < 1 << 20)
    memory = results.get("memory", {})
    if "ix" in memory:
        yield Goal("memory for 64 echoing connections", f"{memory['ix']} MiB",
                   f"{memory.get('linux', '-')} MiB", "-", "16 MiB", memory["ix"] <= 16)
