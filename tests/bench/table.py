"""The table of what `run` measured.

    python3 tests/bench/table.py build/bench/bench.json
"""
import json
import pathlib
import sys

COLUMNS = ("", "work", "ours", "yardstick", "ratio (least to most)", "goal", "met", "p50 / p99 / p99.9, ms", "µs server + load")


def amount(figure, unit):
    if unit == "/s":
        return f"{figure:,.0f}/s"
    digits = 0 if figure >= 100 else 1 if figure >= 10 else 2
    return f"{figure:,.{digits}f} {unit}"


def goal(row):
    if "bound" not in row:
        return ""
    sign, ratio = row["bound"]
    return f"{'≥' if sign == '>=' else '≤'} {ratio:.2f}"


def cells(row):
    times = [row.get(name) for name in ("p50_us", "p99_us", "p999_us")]
    spread = f" ({row['ratio_min']:.2f} to {row['ratio_max']:.2f})" if row["rounds"] > 1 else ""
    return (row["goal"], row["work"], amount(row["ours"], row["unit"]),
            f"{amount(row['yardstick'], row['unit'])}, {row['yardstick_name']}",
            f"{row['ratio']:.2f}{spread}", goal(row), {True: "yes", False: "no"}.get(row.get("met"), ""),
            " / ".join(f"{time / 1000:.2f}" for time in times) if None not in times else "",
            f"{row['server_us']:.1f} + {row['load_us']:.1f}" if "server_us" in row else "")


def facts(results):
    """A sentence on what it was measured on and how."""
    machine = results["machine"]
    syncs = " / ".join(f"{machine['fdatasync_us'][size]['p50'] / 1000:.2f}" for size in ("4096", "65536", "1048576"))
    turns = "one round" if results["rounds"] == 1 else f"medians of {results['rounds']} rounds, in turns"
    return (f"{results['when']}; {turns}, {results['seconds_each']} s each; long history: {results['history']:,} exchanges; "
            f"{results['took_seconds'] / 60:.1f} minutes in all.\n"
            f"{machine['cores']} cores ({machine['processor']}), {machine['memory_bytes'] / 2**30:.0f} GiB, Linux {machine['kernel']}; "
            f"load average before {machine['load_average_before']:.1f}; PostgreSQL {machine['postgresql'] or 'not asked'}; "
            f"fdatasync p50 after 4 KiB / 64 KiB / 1 MiB: {syncs} ms.\n")


def render(results):
    lines = [COLUMNS, *(cells(row) for row in results["rows"])]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    drawn = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    asked = [row for row in results["rows"] if "met" in row]
    failures = "".join(f"{name} could not be measured: {why}\n" for name, why in results["failures"].items())
    return (facts(results) + "\n" + "\n".join(drawn) +
            f"\n\n{sum(row['met'] for row in asked)} of {len(asked)} goals met.\n" + failures)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(render(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))))
