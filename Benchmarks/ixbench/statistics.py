"""Medians, spreads and ratios pair by pair."""
import statistics


def median(values):
    return statistics.median(values) if values else None


def spread(values):
    """Smallest and largest."""
    return (min(values), max(values)) if values else None


def ratios(numerators, denominators):
    """One ratio for each round: both were measured within seconds of each other."""
    return [a / b for a, b in zip(numerators, denominators) if a and b]


def shown(value, digits=3):
    """A number with so many significant digits and thousands separated."""
    if value is None:
        return "-"
    if value >= 10 ** (digits - 1):
        return f"{round(value, digits - len(str(int(value)))):,.0f}"
    return f"{value:.{digits}g}"
