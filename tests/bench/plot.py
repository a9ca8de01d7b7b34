"""A plot as SVG: runs per second and peak memory against the number of runs."""

import math
from collections.abc import Sequence

WIDTH, HEIGHT, LEFT, TOP = 640, 320, 60, 30
_RIGHT, _BOTTOM = WIDTH - 60, HEIGHT - 50
_SPEED, _MEMORY = "#1f5fa8", "#b3541e"


def plot(points: Sequence[tuple[int, float, float]]) -> str:
    """Draw (number of runs, runs per second, MiB); the runs on a logarithmic axis, both others from zero."""
    runs = [math.log10(count) for count, _, _ in points]
    low, high = min(runs), max(runs)
    xs = [LEFT + (_RIGHT - LEFT) * ((x - low) / (high - low) if high > low else 0.5) for x in runs]
    speed, memory = [speed for _, speed, _ in points], [memory for _, _, memory in points]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        ' font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<path d="M{LEFT} {TOP}V{_BOTTOM}H{_RIGHT}V{TOP}" fill="none" stroke="#666"/>',
        *_curve(xs, speed, _SPEED),
        *_curve(xs, memory, _MEMORY),
        *(_text(x, _BOTTOM + 18, f"{count:,}") for x, (count, _, _) in zip(xs, points, strict=True)),
        _text(WIDTH / 2, HEIGHT - 8, "runs in the backlog"),
        *_scale(max(speed), LEFT - 6, _SPEED, "runs/s", "end"),
        *_scale(max(memory), _RIGHT + 6, _MEMORY, "MiB", "start"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _curve(xs: Sequence[float], values: Sequence[float], colour: str) -> list[str]:
    top = _ceiling(max(values))
    places = [(x, _BOTTOM - (_BOTTOM - TOP) * value / top) for x, value in zip(xs, values, strict=True)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    return [f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots]


def _scale(most: float, x: float, colour: str, unit: str, anchor: str) -> list[str]:
    top = _ceiling(most)
    ticks = [(_BOTTOM - (_BOTTOM - TOP) * share, f"{top * share:g}") for share in (0, 0.25, 0.5, 0.75, 1)]
    return [_text(x, y + 4, text, colour, anchor) for y, text in ticks] + [_text(x, TOP - 12, unit, colour, anchor)]


def _ceiling(value: float) -> float:
    """Return the next round number above a value."""
    unit = 10.0 ** math.floor(math.log10(value))
    return next(step * unit for step in (1, 2, 4, 5, 8, 10) if step * unit >= value)


def _text(x: float, y: float, text: str, colour: str = "#333", anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{text}</text>'
