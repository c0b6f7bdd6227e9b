"""The report: Markdown with tables and plots, made of the samples that there are."""
import json
import shlex

from . import plots, statistics
from .figures import figures
from .goals import all_goals, pairs, samples
from .target import ROOT

shown = statistics.shown

INTRODUCTION = """# Results

IX beside what a user would otherwise run, measured by `make bench` on one machine; see README.md
beside this file for how. Every ratio is the median of ratios pair by pair, with the
smallest and the largest. What IX loses at stands in the first table, like the rest.

**How far to trust it.** Figures in time come from an emulator on a machine that other work shared
(load is given with each figure): only figures of one round compare. Counts of instructions do not
depend on the machine. `CPU` is what the target's processes used for one request (or MiB), which
depends on other load much less than requests per second do; for IX it includes polling while it
waits. It tells how many requests a processor of the target's own would serve.
"""

UNMEASURED = """## Not measured

- Exits of a hardware guest: no processor here has VT-x or SVM. Accesses to devices, HLT, port
  instructions and MSR writes, each of which would leave such a guest, are counted instead.
- Bytes copied: those moved by string instructions, which is how Linux copies to and from user space
  and how IX's `memcpy` works; copies in loops are not seen.
- Unikraft, Nanos, OSv, F-Stack: not packaged for Debian; a description file adds them.
"""

EVENTS = (("system_calls", "system calls"), ("device_writes", "device writes (doorbells)"),
          ("device_reads", "device reads"), ("halts", "HLT"), ("ports", "port instructions"),
          ("register_writes", "MSR writes"), ("moved_bytes", "bytes moved by string instructions"))


def write(folder, output):
    """Reads folder/NAME.json and writes output/RESULTS.md with its plots."""
    files = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    output.mkdir(parents=True, exist_ok=True)
    results = {name: file["result"] for name, file in files.items()}
    parts = [INTRODUCTION, _goal_table(results), _counts(results.get("counts"), output)]
    for name, result in results.items():
        if isinstance(result, dict) and "samples" in result and "cases" in result:
            parts.append(_figure(name, result, files[name], output))
    parts += [_guests(results), _lwip(results.get("lwip")), _profiles(results.get("profile")), _failures(results),
              UNMEASURED + _not_run(results), _method(files)]
    text = "\n".join(part for part in parts if part)
    (output / "RESULTS.md").write_text(text.replace(str(ROOT), "."))


def _goal_table(results):
    rows = [goal.row() for goal in all_goals(results)]
    return ("## What is wanted and what is reached\n\n"
            "Beside Linux with `mitigations=off`, in the same emulator on the same tap.\n\n"
            "| what | IX | Linux guest | reached | by CPU time | wanted | met |\n"
            "|---|---|---|---|---|---|---|\n"
            + "\n".join(rows) + "\n")


def _counts(counts, output):
    if not counts or not counts.get("results"):
        return ""
    results = counts["results"]
    plots.counts(results, output / "counts.svg")
    lines = ["## Guest instructions\n", "![instructions](counts.svg)\n",
             "| what | target | kernel | application | total |", "|---|---|---|---|---|"]
    for name, targets in results.items():
        for target, found in targets.items():
            lines.append(f"| {name} | {target} | {found['kernel']:,.0f} | {found['user']:,.0f} |"
                         f" {found['kernel'] + found['user']:,.0f} |")
    lines += ["\nWhat else a request costs, each per request:\n",
              "| what | target | " + " | ".join(title for _, title in EVENTS) + " |",
              "|---|---" + "|---" * len(EVENTS) + "|"]
    for name, targets in results.items():
        for target, found in targets.items():
            cells = [f"{found[key]:,.2f}" if key in found else "-" for key, _ in EVENTS]
            lines.append(f"| {name} | {target} | " + " | ".join(cells) + " |")
    lines.append("\nTotals of Linux include its clock's ticks, a few hundred instructions per "
                 "request at the plugin's pace.\n")
    return "\n".join(lines)


def _figure(name, figure, file, output):
    _plot(name, figure, output)
    labels = [side[0] for side in figure["sides"]]
    lines = [f"## {figure['title']}\n", f"![{name}]({name}.svg)\n",
             f"{figure['rounds']} rounds, interleaved; {figure['memory']} MiB guests; load "
             f"{file['load'][0]:.1f} before, {file['load'][1]:.1f} after; {file['at']}.\n",
             f"| case | target | {figure['unit']} | spread | p50 us | p99 us | p99.9 us | CPU us |"
             " IX beside it |", "|---|---|---|---|---|---|---|---|---|"]
    for case in figure["cases"]:
        for label in labels:
            lines.append(_line(figure, labels, case, label))
    return "\n".join(lines) + "\n"


def _lwip(lines):
    if not isinstance(lines, list):
        return ""
    return ("## Beside lwIP, hosted\n\nInstructions from a frame on the wire to its answer, copies and "
            "checksums included, counted with callgrind (`make compare-lwip`).\n\n"
            "```\n" + "\n".join(lines) + "\n```\n")


def _line(figure, labels, case, label):
    runs = [run for run in figure["samples"][label].get(case, []) if run]
    if not runs:
        return f"| {case} | {label} | - | | | | | | |"
    values = [run[figure["key"]] for run in runs]
    low, high = statistics.spread(values)

    def middle(key):
        return shown(statistics.median([run[key] for run in runs])) if all(key in run for run in runs) else ""

    compared = ""
    if "ix" in labels and label != "ix":
        _, _, ratios = pairs(figure, "ix", label, case)
        if ratios:
            least, most = statistics.spread(ratios)
            compared = f"{statistics.median(ratios):.2f}x ({least:.2f}-{most:.2f})"
    if "rate" in runs[0] and "offered" in runs[0]:
        kept = statistics.median([run["rate"] / run["offered"] for run in runs])
        if kept < 0.95:
            compared += f" kept up with {kept:.0%}"
    return (f"| {case} | {label} | {shown(statistics.median(values))} | {shown(low)}-{shown(high)} |"
            f" {middle('p50us')} | {middle('p99us')} | {middle('p999us')} | {middle('cpu_us')} |"
            f" {compared} |")


def _plot(name, figure, output):
    path = output / f"{name}.svg"
    if not any(value for side in figure["sides"] for case in figure["cases"]
               for value in samples(figure, side[0], case)):
        return
    if name.startswith("latency"):
        plots.latency(figure, path)
    elif name == "batch":
        plots.batch(figure, path)
    elif name == "sizes":
        plots.lines(figure, path, "message, bytes")
    elif name == "connections":
        plots.lines(figure, path, "open connections", "x")
    else:
        plots.bars(figure, path)


def _guests(results):
    lines = ["## Whole guests\n"]
    memory, capacity = results.get("memory", {}), results.get("capacity", {})
    for title, found, unit in (("Smallest guest in which 64 connections echo", memory, "MiB"),
                               ("Connections that a 256 MiB guest takes", capacity, "")):
        if found:
            lines.append(f"- {title}: " + ", ".join(
                f"{name} {value:,} {unit}".strip() for name, value in found.items()
                if isinstance(value, int)) + ".")
    if all(isinstance(capacity.get(name), int) for name in ("ix", "linux")):
        lines.append("- Memory of the guest for each connection, all included: " + ", ".join(
            f"{name} {256 * 1024 / capacity[name]:.1f} KiB" for name in ("ix", "linux")) + ".")
    return "\n".join(lines) + "\n" if len(lines) > 1 else ""


def _profiles(profile):
    if not profile:
        return ""
    lines = ["## Where instructions go\n"]
    for name, functions in profile.items():
        lines += [f"{name}:\n", "```text", *functions, "```\n"]
    return "\n".join(lines)


def _failures(results):
    lines = [f"- {figure}, {name}: {reason.splitlines()[0]}" for figure, result in results.items()
             if isinstance(result, dict)
             for name, reason in (result.get("failures") or {}).items()]
    return "## What failed\n\n" + "\n".join(lines) + "\n" if lines else ""


def _not_run(results):
    """Figures that this report was made without."""
    return "".join(f"- {figure.title}: not part of this run.\n" for figure in figures(1)
                   if figure.name not in results)


def _method(files):
    # As it was when the first figure was measured.
    first = min(files.values(), key=lambda file: file["at"], default={"machine": {}})
    facts = first["machine"]
    commands = {}
    for file in files.values():
        commands.update(file["commands"])
    lines = ["## Machine, versions, commands\n",
             *(f"- {name}: {value}" for name, value in facts.items()),
             "\nTargets (started on one processor, the client on the other):\n", "```sh"]
    lines += [f"# {name}\n{shlex.join(command)}" for name, command in sorted(commands.items())]
    lines += ["```\n", "Clients, each with the target's address and port:\n", "```sh"]
    clients = [shlex.join(["ixload", *words, "--json"]) for file in files.values()
               if isinstance(file["result"], dict)
               for words in file["result"].get("cases", {}).values()]
    lines += dict.fromkeys(clients)
    return "\n".join(lines) + "\n```\n"
