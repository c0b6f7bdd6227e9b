"""Plots as SVG, by gnuplot."""
import subprocess

from . import statistics
from .goals import samples

HEAD = """set terminal svg size 760,420 dynamic font "sans,13" background "white"
set output "{output}"
set title "{title}" noenhanced
set key outside below horizontal noenhanced
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
set xtics noenhanced
"""
COLOURS = ("#c03028", "#3060b0", "#80a8e0", "#777777", "#bbbbbb")


def _run(script):
    subprocess.run(["gnuplot"], input=script, text=True, check=True, capture_output=True,
                   timeout=60)


def _block(name, rows):
    return f"${name} << EOD\n" + "\n".join(rows) + "\nEOD\n"


def bars(figure, output):
    """Medians, with smallest and largest, of every case and side."""
    blocks, plots = "", []
    for index, label in enumerate(side[0] for side in figure["sides"]):
        rows = []
        for place, case in enumerate(figure["cases"]):
            values = [value for value in samples(figure, label, case) if value]
            if values:
                low, high = statistics.spread(values)
                offset = place + (index - len(figure["sides"]) / 2) * 0.15
                rows.append(f"{offset:.2f} {statistics.median(values)} {low} {high}")
        if rows:
            blocks += _block(f"d{index}", rows)
            plots.append(f'$d{index} using 1:2:3:4:(0.14) with boxerrorbars fs solid 0.9 '
                         f'lc rgb "{COLOURS[index % 5]}" title "{label}"')
    ticks = ", ".join(f'"{case}" {place - 0.07}' for place, case in enumerate(figure["cases"]))
    _run(HEAD.format(output=output, title=figure["title"]) + blocks
         + f'set boxwidth 0.14\nset yrange [0:*]\nset ylabel "{figure["unit"]}"\n'
         + f"set xtics ({ticks})\nset xrange [-0.7:{len(figure['cases']) - 0.3}]\n"
         + "plot " + ", ".join(plots) + "\n")


def lines(figure, output, xlabel, logscale="xy"):
    """Medians over numeric cases."""
    blocks, plots = "", []
    for index, label in enumerate(side[0] for side in figure["sides"]):
        rows = []
        for case in figure["cases"]:
            values = [value for value in samples(figure, label, case) if value]
            if values:
                low, high = statistics.spread(values)
                rows.append(f"{case} {statistics.median(values)} {low} {high}")
        if rows:
            blocks += _block(f"d{index}", rows)
            plots.append(f'$d{index} using 1:2:3:4 with yerrorlines lw 2 pt 7 ps 0.5 '
                         f'lc rgb "{COLOURS[index % 5]}" title "{label}"')
    _run(HEAD.format(output=output, title=figure["title"]) + blocks
         + f'set logscale {logscale}\nset xlabel "{xlabel}"\nset ylabel "{figure["unit"]}"\n'
         + "plot " + ", ".join(plots) + "\n")


def latency(figure, output):
    """p50 and p99 over the rate that was offered; what was not kept up with is left out."""
    blocks, plots = "", []
    for index, label in enumerate(side[0] for side in figure["sides"]):
        for key, dash in (("p50us", 2), ("p99us", 1)):
            rows = []
            for case in figure["cases"]:
                runs = [run for run in figure["samples"][label].get(case, []) if run]
                if runs and all(run["rate"] > 0.95 * run["offered"] for run in runs):
                    rows.append(f"{case} {statistics.median([run[key] for run in runs])}")
            if rows:
                name = f"d{index}{key}"
                blocks += _block(name, rows)
                plots.append(f'${name} with linespoints lw 2 pt 7 ps 0.4 dt {dash} '
                             f'lc rgb "{COLOURS[index % 5]}" title "{label} {key[:-2]}"')
    if plots:
        _run(HEAD.format(output=output, title=figure["title"]) + blocks
             + 'set logscale y\nset xlabel "offered load, requests/s"\nset ylabel "microseconds"\n'
             + "plot " + ", ".join(plots) + "\n")


def batch(figure, output):
    """Throughput and p99 over the bound B."""
    rows = []
    for label in (side[0] for side in figure["sides"]):
        runs = [run for run in next(iter(figure["samples"][label].values())) if run]
        if runs:
            rows.append(f"{label} {statistics.median([run['rate'] for run in runs])}"
                        f" {statistics.median([run['p99us'] for run in runs])}")
    _run(HEAD.format(output=output, title=figure["title"]) + _block("d", rows)
         + 'set logscale x 2\nset xlabel "B, frames"\nset ylabel "requests/s"\n'
         + 'set yrange [0:*]\nset y2range [0:*]\nset y2tics\nset y2label "p99, us"\nset border 11\n'
         + f'plot $d using 1:2 with linespoints lw 2 pt 7 lc rgb "{COLOURS[0]}" title "throughput", '
         + f'$d using 1:3 axes x1y2 with linespoints lw 2 pt 7 lc rgb "{COLOURS[3]}" title "p99"\n')


def counts(results, output):
    """Guest instructions per request, IX beside Linux."""
    names = [name for name in results if "MiB" not in name and "64 KB" not in name]
    blocks, plots = "", []
    for index, target in enumerate(("ix", "linux")):
        rows = [f"{place + (index - 0.5) * 0.36:.2f} "
                f"{results[name][target]['kernel'] + results[name][target]['user']}"
                for place, name in enumerate(names) if target in results[name]]
        blocks += _block(f"d{index}", rows)
        plots.append(f'$d{index} with boxes fs solid 0.9 lc rgb "{COLOURS[index]}" title "{target}"')
        plots.append(f'$d{index} using 1:2:(sprintf("%d", $2)) with labels offset 0,0.6 '
                     f'font ",10" notitle')
    ticks = ", ".join('"%s" %d' % (name.replace(", ", "\\n"), place)
                      for place, name in enumerate(names))
    _run(HEAD.format(output=output, title="Guest instructions per request") + blocks
         + f'set boxwidth 0.34\nset logscale y\nset yrange [300:*]\nset xtics ({ticks}) font ",10"\n'
         + f"set xrange [-0.6:{len(names) - 0.4}]\nplot " + ", ".join(plots) + "\n")
