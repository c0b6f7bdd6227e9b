"""Interleaved runs: A B A B, so that whatever else the machine does meets all of them."""
from .load import ixload
from .target import Refused, Running, Target


def measure(bench, figure):
    """Samples by side and case, in rounds; whatever failed is named with its reason."""
    rounds = min(bench.rounds, figure.most_rounds)
    samples = {str(label): {str(case): [] for case in figure.cases} for label, *_ in figure.sides}
    failures = {}
    for number in range(rounds):
        # Every other round backwards: neither side always runs first.
        for side in figure.sides if number % 2 == 0 else figure.sides[::-1]:
            bench.say(f"{figure.name}: round {number + 1} of {rounds}, {side[0]}")
            _measure_side(bench, figure, side, samples[str(side[0])], failures)
    return {"title": figure.title, "key": figure.key, "unit": figure.unit, "rounds": rounds,
            "memory": figure.memory, "samples": samples, "failures": failures,
            "sides": [[str(label), target, service, options]
                      for label, target, service, options in figure.sides],
            "cases": {str(case): [str(word) for word in words]
                      for case, words in figure.cases.items()}}


def processors(options):
    """As many as the options of IX's kernel ask for."""
    given = dict(word.split("=", 1) for word in options.split() if "=" in word)
    return int(given.get("cores", 1))


def _measure_side(bench, figure, side, samples, failures):
    label, name, service, options = side
    target = Target(name)
    try:
        with Running(bench, target, service, pinned=figure.pinned, memory=figure.memory,
                     processors=processors(options), options=options) as running:
            bench.commands[f"{name}/{service}"] = running.command
            for case, arguments in figure.cases.items():
                try:
                    figures = ixload(bench, running, arguments, figure.patience)
                except Refused as reason:
                    failures[f"{label}/{case}"] = str(reason)
                    figures = None
                # A hole keeps the rounds of all sides in step.
                samples[str(case)].append(figures)
    except Refused as reason:
        failures[str(label)] = str(reason)
        for case in samples.values():
            case.append(None)
