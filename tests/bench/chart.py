"""The table of what `run` measured, drawn: how much of each goal was reached.

    python3 tests/bench/chart.py build/bench/bench.json >bench.svg
"""
import html
import json
import pathlib
import sys

import table

WIDTH, LEFT, RIGHT, TOP, STEP, BAR = 1220, 470, 300, 96, 26, 14
MOST = 2.0  # times the goal; longer bars are cut
MET, MISSED, INK, FAINT = "#1b6ca8", "#d9822b", "#222222", "#d8d8d8"


def share(ratio, bound):
    """How much of the goal `ratio` is: 1 is the goal, more is better."""
    sign, wanted = bound
    if sign == ">=":
        return ratio / wanted
    return wanted / ratio if ratio > 0 else MOST


def x(value):
    return LEFT + min(value, MOST) / MOST * (WIDTH - LEFT - RIGHT)


def text(at_x, at_y, words, anchor="start", size=13, weight="normal", ink=INK):
    return (f'<text x="{at_x:.1f}" y="{at_y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
            f'fill="{ink}">{html.escape(words)}</text>')


def line(x1, y1, x2, y2, ink, width):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{ink}" stroke-width="{width}"/>'


def bar(row, y):
    reached = share(row["ratio"], row["bound"])
    ends = sorted(share(row[end], row["bound"]) for end in ("ratio_min", "ratio_max"))
    middle = y + BAR / 2
    drawn = [f'<rect x="{LEFT}" y="{y}" width="{x(reached) - LEFT:.1f}" height="{BAR}" fill="{MET if row["met"] else MISSED}"/>']
    if row["rounds"] > 1:
        drawn.append(line(x(ends[0]), middle, x(ends[1]), middle, INK, 1.5))
        drawn += [line(x(end), middle - 4, x(end), middle + 4, INK, 1.5) for end in ends]
    drawn.append(text(LEFT - 10, y + 12, f"{row['goal']}  {row['work']}", anchor="end", size=12))
    told = f"{table.amount(row['ours'], row['unit'])}: {row['ratio']:.2f}, goal {table.goal(row)}{' ✓' if row['met'] else ''}"
    drawn.append(text(WIDTH - RIGHT + 14, y + 12, told, size=12))
    return drawn


def draw(results):
    rows = [row for row in results["rows"] if "bound" in row]
    bottom = TOP + len(rows) * STEP
    height = bottom + 84
    drawn = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
             'font-family="DejaVu Sans, Helvetica, Arial, sans-serif" role="img">',
             "<title>How much of each goal of speed was reached</title>",
             f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
             text(24, 34, "Timebank: how much of each goal of speed was reached", size=20, weight="bold"),
             text(24, 58, "Bars: share of the goal, dimensionless; 1 = goal reached. Thin lines: least to most of the rounds. "
                          "Right: what was measured, its ratio to the yardstick, and the goal.", size=12)]
    for step in range(5):
        value = step * MOST / 4
        drawn += [line(x(value), TOP - 8, x(value), bottom, FAINT, 1),
                  text(x(value), bottom + 18, f"{value:g}" + (" or more" if value == MOST else ""), anchor="middle", size=12)]
    for number, row in enumerate(rows):
        drawn += bar(row, TOP + number * STEP)
    drawn += [line(x(1), TOP - 12, x(1), bottom, INK, 2), text(x(1), TOP - 18, "goal", anchor="middle", size=12)]
    drawn += [text(24, bottom + 46 + 17 * number, words, size=11, ink="#555555")
              for number, words in enumerate(table.facts(results).splitlines())]
    return "\n".join([*drawn, "</svg>"]) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(draw(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))), end="")
