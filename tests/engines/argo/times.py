"""Times and durations, as objects have them."""

from __future__ import annotations

from datetime import UTC, datetime


def parsed(time: str) -> float:
    """Seconds since 1970."""
    return datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def seconds_of(duration: str) -> float:
    """`10`, `10s`, `2m`, `1h30m`, `2d`."""
    text, total, number = str(duration), 0.0, ""
    if text.replace(".", "", 1).isdigit():
        return float(text)
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    for sign in text:
        if sign in units:
            total += float(number) * units[sign]
            number = ""
        else:
            number += sign
    return total
