"""Measures the goals P1 to P11 of README.md, each beside its yardstick, in turns; started by `run`.

Writes OUT/bench.json (everything), OUT/bench.svg and OUT/bench.md (the table), and prints the table.
"""
import argparse
import collections
import json
import os
import pathlib
import platform
import resource
import shutil
import signal
import statistics
import sys
import tempfile
import time

import chart
import postgres
import processes
import spreadsheet
import table
from processes import Failed, Server

GOALS = ("P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11")
MANY = 256  # calls on their way
MEMBERS = 1_000
MOST_HISTORY_MEMBERS = 10_000
LINES_EACH = 400  # of a member with a history
READ_MEMBERS = 100  # whose balances and statements are asked for
MB = 1e6


class Bench:
    """One run: its settings, the servers that are up, and what was measured."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.build, self.quick = options.build.resolve(), options.quick
        self.rounds = options.rounds or (1 if self.quick else 3)
        self.seconds, self.warm_up = (1, 0.5) if self.quick else (5, 1)
        self.history = options.history
        self.history_members = min(MOST_HISTORY_MEMBERS, max(READ_MEMBERS, 2 * self.history // LINES_EACH))
        self.rows, self.runs, self.up = [], [], []
        self.made = 0
        self.kept = {}  # servers that more than one work uses, by name
        self.cluster = None

    # --- servers

    def server(self, kind="server/timebankd"):
        self.made += 1
        server = Server(self.build / kind, self.folder / str(self.made))
        self.up.append(server)
        return server

    def end(self, server):
        """Stops it and throws its folder away."""
        self.up.remove(server)
        server.stop()
        shutil.rmtree(server.folder)

    def postgres(self):
        if self.cluster is None:
            self.cluster = postgres.Cluster(self.folder / "postgres", MEMBERS)
        return self.cluster

    def close(self):
        for server in self.up:
            processes.stop(server.process)
        if self.cluster is not None:
            self.cluster.stop()

    # --- measuring

    def load(self, server, work, *arguments):
        """What timebank-load tells, and the processor time of both sides for a call."""
        before = server.processor_seconds()
        said = processes.run([self.build / "tests/bench/timebank-load", "--server", server.address, "--work", work,
                              "--seconds", self.seconds, "--warm-up", self.warm_up, "--json", *arguments])
        result = json.loads(said)
        items = result["all_calls"] * result["batch_size"]
        if items:
            # The server's includes what was prepared, where this call prepared anything.
            result["server_us"] = (server.processor_seconds() - before) * 1e6 / items
            result["load_us"] = result["processor_seconds"] * 1e6 / items
        return result

    def prepare(self, server, *arguments):
        return self.load(server, "record", "--prepare-only", *arguments)

    def fresh(self, kind, work, *arguments):
        """The work on a server of its own, which has nothing but the members."""
        members = [word for name in ("--members", "--banks") if name in arguments
                   for word in (name, arguments[arguments.index(name) + 1])]
        server = self.server(kind)
        try:
            self.prepare(server, *members)
            return self.load(server, work, "--prepared", *arguments)
        finally:
            self.end(server)

    def ours(self, work, *arguments):
        return self.fresh("server/timebankd", work, *arguments)

    def noop(self, work, *arguments):
        return self.fresh("tests/bench/timebank-noop", work, *arguments)

    def plain_rows(self, *arguments):
        """The ledger of six rows an exchange on RocksDB."""
        return json.loads(processes.run([self.build / "tests/bench/timebank-rows", "--seconds", self.seconds, "--warm-up",
                                         self.warm_up, "--json", *arguments]))

    def fdatasync(self, size=4096):
        said = processes.run([self.build / "tests/bench/timebank_log_bench", f"--benchmark_filter=BM_AppendAndFdatasync/{size}/",
                              f"--benchmark_min_time={self.seconds / 5}", "--benchmark_format=json"])
        result = json.loads(said)["benchmarks"][0]
        return {"rate": result["items_per_second"], "batch_size": 1,
                "times": {"p50_us": result["p50_us"], "p99_us": result["p99_us"]}}

    def in_turns(self, **measures):
        """{name: [result of each round]}: A B C, A B C, ..."""
        results = collections.defaultdict(list)
        for number in range(1, self.rounds + 1):
            for name, measure in measures.items():
                began = time.monotonic()
                result = measure()
                results[name].append(result)
                self.runs.append({"what": name, "round": number, "result": result})
                print(f"  {name:44} {rate(result):12,.0f} a second   ({time.monotonic() - began:.1f} s)", file=sys.stderr, flush=True)
        return results

    def row(self, goal, work, ours, yardstick, unit="/s", bound=None, times=None, of=None):
        """A line of the table. `ours` and `yardstick`: figures of each round; `bound`: (">=" or "<=", ratio); `times`:
        latencies of each round; `of`: the results that these come from, for the processor time."""
        ratios = [our / their for our, their in zip(ours, yardstick["figures"])]
        ratio = statistics.median(ratios)
        row = {"goal": goal, "work": work, "unit": unit, "ours": statistics.median(ours),
               "yardstick": statistics.median(yardstick["figures"]), "yardstick_name": yardstick["name"],
               "ratio": ratio, "ratio_min": min(ratios), "ratio_max": max(ratios), "rounds": len(ratios)}
        if bound:
            row["bound"] = list(bound)
            row["met"] = ratio >= bound[1] if bound[0] == ">=" else ratio <= bound[1]
        times = times or [result["times"] for result in of or [] if "times" in result]
        for name in ("p50_us", "p99_us", "p999_us"):
            if times and all(name in one for one in times):
                row[name] = statistics.median(one[name] for one in times)
        for name in ("server_us", "load_us"):
            if of and all(name in result for result in of):
                row[name] = statistics.median(result[name] for result in of)
        self.rows.append(row)

    def compare(self, goal, work, ours, name, yardstick, bound=None):
        """Rates of ours by those of the yardstick."""
        self.row(goal, work, [rate(result) for result in ours], {"name": name, "figures": [rate(result) for result in yardstick]},
                 bound=bound, of=ours)

    def limit(self, goal, work, figures, most, unit, name="limit", **more):
        """Figures that may not be above `most`: one for all rounds, or one for each."""
        limits = most if isinstance(most, list) else [most] * len(figures)
        self.row(goal, work, figures, {"name": name, "figures": limits}, unit=unit, bound=("<=", 1), **more)

    # --- servers with a past

    def with_history(self, name, members, history):
        """A server that is kept until the end: made once."""
        if name not in self.kept:
            print(f"  making {history:,} exchanges of {members:,} members ...", file=sys.stderr, flush=True)
            server = self.server()
            self.prepare(server, "--members", members)
            server.stop()
            empty_bytes = server.disk_bytes()
            server.start()
            began = time.monotonic()
            prepared = self.prepare(server, "--members", members, "--history", history)
            seconds = time.monotonic() - began
            server.stop()
            beside_texts = server.disk_bytes() - empty_bytes - prepared["history_text_bytes"]
            server.start()
            self.kept[name] = server
            self.runs.append({"what": f"history {name}", "exchanges": history, "seconds": seconds,
                              "disk_bytes_an_exchange": beside_texts / history, "text_bytes": prepared["history_text_bytes"]})
            server.bytes_an_exchange = beside_texts / history
            print(f"  ... {history / seconds:,.0f} a second", file=sys.stderr, flush=True)
        return self.kept[name]

    def long_history(self):
        return self.with_history("long", self.history_members, self.history)

    def short_history(self):
        return self.with_history("short", READ_MEMBERS, 10_000)


def rate(result):
    """Exchanges, or reads, a second."""
    return result["rate"] * result["batch_size"]


def figures(results, name, scale=1.0, of="times"):
    return [result[of][name] / scale for result in results]


def count(number):
    """10^7 as people write it."""
    power = len(str(number)) - 1
    return f"10^{power}" if number == 10**power else f"{number:,}"


def p1(bench):
    arguments = ("--outstanding", MANY, "--members", MEMBERS)
    runs = bench.in_turns(**{
        "no-op, 256 outstanding": lambda: bench.noop("record", *arguments),
        "singly, 256 outstanding": lambda: bench.ours("record", *arguments),
        "PostgreSQL, 32 clients": lambda: bench.postgres().measure("single", 32, bench.seconds)})
    noop, ours, plain = runs.values()
    bench.compare("P1", "recorded singly, 256 outstanding", ours, "gRPC no-op", noop, (">=", 0.70))
    bench.compare("P1", "recorded singly, against PostgreSQL", ours, "PostgreSQL, 32 clients", plain, (">=", 3))
    bench.limit("P1", "recorded singly, 256 outstanding, p99", figures(ours, "p99_us", 1e3), [2 * p99 + 2 for p99 in figures(noop, "p99_us", 1e3)],
                "ms", "2 x no-op p99 + 2 ms")
    offered = statistics.median(rate(result) for result in ours) / 2
    open_loop = ("--rate", round(offered), "--outstanding", 2_000, "--members", MEMBERS)
    runs = bench.in_turns(**{
        "no-op, open loop": lambda: bench.noop("record", *open_loop),
        "singly, open loop": lambda: bench.ours("record", *open_loop)})
    noop, ours = runs.values()
    bench.row("P1", f"open loop, {offered:,.0f}/s offered, p99", figures(ours, "p99_us", 1e3),
              {"name": "gRPC no-op", "figures": figures(noop, "p99_us", 1e3)}, unit="ms", of=ours)


def p2(bench):
    arguments = ("--outstanding", 1, "--channels", 1, "--members", MEMBERS)
    runs = bench.in_turns(**{
        "no-op, 1 outstanding": lambda: bench.noop("record", *arguments),
        "fdatasync after 4 KiB": bench.fdatasync,
        "one call at a time": lambda: bench.ours("record", *arguments),
        "six rows on RocksDB, 1 thread": lambda: bench.plain_rows("--threads", 1),
        "six rows on RocksDB, 64 threads": lambda: bench.plain_rows("--threads", 64),
        "PostgreSQL, 1 client": lambda: bench.postgres().measure("single", 1, bench.seconds)})
    noop, sync, ours, rows, many_rows, plain = runs.values()
    most = [call + 1.5 * disk for call, disk in zip(figures(noop, "p50_us", 1e3), figures(sync, "p50_us", 1e3))]
    bench.limit("P2", "one call at a time, p50", figures(ours, "p50_us", 1e3), most, "ms", "no-op p50 + 1.5 x fdatasync p50", of=ours)
    bench.compare("P2", "one call at a time", ours, "PostgreSQL, 1 client", plain)
    bench.compare("P2", "the same", ours, "six rows on RocksDB, 1 thread", rows)
    bench.compare("P2", "(six rows on RocksDB, 64 threads)", many_rows, "six rows on RocksDB, 1 thread", rows)


def p3(bench):
    if bench.quick:
        kinds = [(1, 10_000, True), (2, 10_000, True), (2, 875, False)]
    else:
        kinds = [(callers, members, notes) for members in (875, 10_000) for notes in (True, False) for callers in (1, 2, 4)]

    def batches(callers, members, notes):
        arguments = ["--outstanding", callers, "--channels", callers, "--members", members, "--batch-size", 8_192]
        return arguments if notes else [*arguments, "--no-notes"]

    def named(callers, members, notes):
        return f"batches of 8,192, {callers} caller{'s' if callers > 1 else ''}, {members:,} members{'' if notes else ', no notes'}"

    measures = {"six rows on RocksDB, one batch": lambda: bench.plain_rows("--batch", 8_190),
                "no-op, batches": lambda: bench.noop("batch", *batches(2, 10_000, True)),
                "PostgreSQL, batches of 1,000": lambda: bench.postgres().measure("batch", 2, bench.seconds)}
    for kind in kinds:
        measures[named(*kind)] = lambda kind=kind: bench.ours("batch", *batches(*kind))
    runs = bench.in_turns(**measures)
    rows = runs["six rows on RocksDB, one batch"]
    for kind in kinds:
        bench.compare("P3", named(*kind), runs[named(*kind)], "six rows on RocksDB, one batch", rows, (">=", 9))
    for callers, members, notes in kinds:
        if callers > 2:
            continue
        name = named(callers, members, notes)
        bench.limit("P3", f"{name}, p99", figures(runs[name], "p99_us", 1e3), 50, "ms")
    most = runs[named(2, 10_000, True)]
    bench.compare("P3", named(2, 10_000, True), most, "gRPC no-op", runs["no-op, batches"])
    bench.compare("P3", "the same", most, "PostgreSQL, batches of 1,000", runs["PostgreSQL, batches of 1,000"])


def p4(bench):
    arguments = ("--outstanding", MANY, "--members", MEMBERS)
    runs = bench.in_turns(**{
        "singly, spread": lambda: bench.ours("record", *arguments),
        "singly, one hot account": lambda: bench.ours("record", "--hot", *arguments),
        "PostgreSQL, one hot account": lambda: bench.postgres().measure("hot", 32, bench.seconds)})
    spread, hot, plain = runs.values()
    bench.compare("P4", "the community pot in every exchange", hot, "spread over 1,000 members", spread, (">=", 0.9))
    bench.compare("P4", "the same", hot, "PostgreSQL, one hot account", plain)


def p5(bench):
    members = ("--members", READ_MEMBERS)
    reading = ("--prepared", "--outstanding", 64, *members)
    noop_members = ("--outstanding", 64, *members)
    short, long = bench.short_history(), bench.long_history()
    runs = bench.in_turns(**{
        "no-op, balance": lambda: bench.noop("balance", *noop_members),
        "balance": lambda: bench.load(short, "balance", *reading),
        "no-op, statement page of 50": lambda: bench.noop("statement", *noop_members),
        "statement page of 50, 10^4 entries": lambda: bench.load(short, "statement", *reading),
        "statement page of 50, long history": lambda: bench.load(long, "statement", *reading),
        "the same, all accounts": lambda: bench.load(long, "statement", *reading[:3], "--members", bench.history_members)})
    noop_balance, balance, noop_page, page, long_page, spread_page = runs.values()
    history = count(bench.history)
    bench.compare("P5", "balance, 64 outstanding", balance, "gRPC no-op", noop_balance, (">=", 0.85))
    bench.compare("P5", "statement page of 50 with notes, 10^4 entries", page, "gRPC no-op", noop_page, (">=", 0.4))
    bench.compare("P5", f"statement page, {history} entries", long_page, "10^4 entries", page, (">=", 1 / 1.3))
    bench.compare("P5", f"the same, of all {bench.history_members:,} accounts", spread_page, "10^4 entries", page)


def p6(bench):
    arguments = ("--outstanding", MANY)
    history = bench.history
    few = max(history // 100, 1_000)
    long, short = bench.long_history(), bench.with_history("growth", bench.history_members, few)
    banks = bench.server()
    many = ("--banks", 10_000, "--members", 2) if bench.quick else ("--banks", 10_000, "--real-sizes")
    print("  making 10,000 banks ...", file=sys.stderr, flush=True)
    bench.prepare(banks, *many)
    measures = {
        "singly, short history": lambda: bench.load(short, "record", "--prepared", "--members", bench.history_members, *arguments),
        "singly, long history": lambda: bench.load(long, "record", "--prepared", "--members", bench.history_members, *arguments),
        "singly, one bank": lambda: bench.ours("record", "--members", MEMBERS, *arguments),
        "singly, 10,000 banks": lambda: bench.load(banks, "record", "--prepared", *many, *arguments)}
    crowd = None
    if not bench.quick:
        print("  making 1,000,000 members of one bank ...", file=sys.stderr, flush=True)
        crowd = bench.server()
        bench.prepare(crowd, "--members", 1_000_000)
        measures["singly, 1,000,000 members"] = lambda: bench.load(crowd, "record", "--prepared", "--members", 1_000_000, *arguments)
    runs = bench.in_turns(**measures)
    bench.compare("P6", f"recorded singly at {count(history)} entries", runs["singly, long history"], f"at {count(few)}",
                  runs["singly, short history"], (">=", 0.85))
    bench.compare("P6", f"over 10,000 banks{' of 2 members' if bench.quick else ''}", runs["singly, 10,000 banks"], "one bank",
                  runs["singly, one bank"], (">=", 0.8))
    bench.end(banks)
    if crowd:
        bench.compare("P6", "one bank of 1,000,000 members", runs["singly, 1,000,000 members"], "1,000 members", runs["singly, one bank"])
        bench.end(crowd)


def p7(bench):
    server = bench.long_history()
    took = []
    for _ in range(bench.rounds):
        bench.load(server, "batch", "--prepared", "--members", bench.history_members, "--outstanding", 2)
        server.kill()
        server.start()
        took.append(server.ready_seconds)
        print(f"  serves again after {server.ready_seconds:.2f} s", file=sys.stderr, flush=True)
    bench.limit("P7", f"restart after kill -9, {count(bench.history)} entries", took, 2, "s")


def p8(bench):
    long = bench.long_history()
    bench.limit("P8", f"disk an exchange beside its note, in batches ({count(bench.history)})", [long.bytes_an_exchange], 200, "B")

    calls = 50_000 if bench.quick else 300_000
    server = bench.server()
    bench.prepare(server, "--members", MEMBERS)
    server.stop()
    before = server.disk_bytes()
    server.start()
    result = bench.load(server, "record", "--prepared", "--members", MEMBERS, "--outstanding", MANY, "--calls", calls)
    server.stop()
    single = (server.disk_bytes() - before - result["text_bytes"]) / result["all_calls"]
    server.start()
    bench.end(server)
    bench.limit("P8", f"disk an exchange beside its note, singly ({count(calls)})", [single], 300, "B")

    small = bench.server()
    bench.prepare(small, "--members", 42, "--history", 500)
    bench.limit("P8", "resident, one bank of 42 members", [small.memory_bytes() / MB], 60, "MB")
    bench.end(small)
    bench.limit("P8", f"resident at most, {count(bench.history)} entries", [long.memory_bytes(peak=True) / MB], 1_000, "MB")


def p9(bench):
    def feed(subscribers):
        return bench.ours("record", "--members", MEMBERS, "--rate", 1_000, "--outstanding", 200, "--subscribers", subscribers)
    runs = bench.in_turns(**{"feed, 1 subscriber": lambda: feed(1), "feed, 100 subscribers": lambda: feed(100)})
    for name, results in runs.items():
        bench.limit("P9", f"{name}, 1,000/s offered, p99", figures(results, "p99_us", 1e3, of="feed"), 5, "ms",
                    times=[result["feed"] for result in results])


def p10(bench):
    """One caller while another floods its key; the server lets each have its pace (proto/README.md, Pace)."""
    server = bench.server()
    bench.prepare(server, "--members", MEMBERS)
    server.stop()
    processes.run([server.program, "init", "--data", server.folder / "data"])
    server.flags = ("--access", "keys")
    server.start()
    keys = {}
    for owner in ("quiet", "flood"):
        keys[owner] = server.folder / owner
        keys[owner].write_text(processes.run(
            [bench.build / "client/cli/timebank", "--server", f"unix:{server.folder}/data/operator.sock", "--bank", "load0",
             "key", "create", "--owner", owner, "--role", "broker"]), encoding="ascii")
    quiet = ("--prepared", "--key-file", keys["quiet"], "--members", MEMBERS, "--rate", 500, "--outstanding", 200)

    def flooded():
        flood = processes.start([bench.build / "tests/bench/timebank-load", "--server", server.address, "--work", "record", "--prepared",
                                 "--members", MEMBERS, "--key-file", keys["flood"], "--deaf", "--outstanding", MANY, "--seconds", 3_600],
                                server.folder / "flood.log")
        try:
            return bench.load(server, "record", *quiet)
        finally:
            processes.stop(flood)

    runs = bench.in_turns(**{"500/s, alone": lambda: bench.load(server, "record", *quiet),
                             "500/s, another key floods": flooded})
    alone, beside = runs.values()
    bench.row("P10", "500/s offered while another key floods, p99", figures(beside, "p99_us", 1e3),
              {"name": "alone", "figures": figures(alone, "p99_us", 1e3)}, unit="ms", bound=("<=", 2), of=beside)
    bench.end(server)


def p11(bench):
    """An older system's files, beside as many exchanges in plain batches."""
    rows, members = (100_000, 875) if bench.quick else (1_000_000, 875)
    folder = bench.folder / "import"
    spreadsheet.write(folder, rows, members)

    def imported():
        server = bench.server()
        timebank = [bench.build / "client/cli/timebank", "--server", server.address, "--bank", "moving"]
        processes.run([*timebank, "bank", "create", "moving", "--time-zone", "Europe/London"])
        used, began = server.processor_seconds(), time.monotonic()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        processes.run([*timebank, "import", folder / "members.csv", folder / "hours.csv", "--commit", "--yes"])
        seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        result = {"rate": rows / seconds, "batch_size": 1, "server_us": (server.processor_seconds() - used) * 1e6 / rows,
                  "load_us": own * 1e6 / rows, "server_peak_bytes": server.memory_bytes(peak=True)}
        bench.end(server)
        return result

    plain = ("--outstanding", 1, "--channels", 1, "--members", members, "--batch-size", 8_192)
    # As many exchanges, with what an import's have.
    alike = (*plain, "--origins", "--calls", rows // 8_192)
    runs = bench.in_turns(**{"plain batches": lambda: bench.ours("batch", *plain),
                             "batches with origins and days": lambda: bench.ours("batch", *alike),
                             f"import of {rows:,} rows": imported})
    batches, like_imports, imports = runs.values()
    work = f"import of {rows:,} rows of a spreadsheet"
    bench.compare("P11", work, imports, "the same in batches, 1 caller", like_imports, (">=", 0.5))
    bench.compare("P11", "the same", imports, "batches of 8,192, no origins", batches)
    bench.compare("P11", "batches of 8,192 with origins and days", like_imports, "batches of 8,192, no origins", batches)


def machine(bench):
    """What the figures were measured on."""
    cpu = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
                if line.startswith("model name")), platform.machine())
    syncs = {size: bench.fdatasync(size)["times"] for size in (4096, 65536, 1048576)}
    return {"cores": len(os.sched_getaffinity(0)), "processor": cpu, "kernel": platform.release(),
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "fdatasync_us": {str(size): {"p50": times["p50_us"], "p99": times["p99_us"]} for size, times in syncs.items()},
            "load_average_before": os.getloadavg()[0], "postgresql": bench.cluster.version if bench.cluster else None}


def measure(options, folder):
    bench = Bench(options, folder)
    began, failures = time.monotonic(), {}
    try:
        facts = machine(bench)
        for goal in options.only:
            print(f"{goal}  ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
            try:
                globals()[goal.lower()](bench)
            except Failed as failed:
                failures[goal] = str(failed)
                print(f"  {goal} failed: {failed}", file=sys.stderr, flush=True)
        facts["postgresql"] = bench.cluster.version if bench.cluster else None
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # what was begun is tidied up, however often one asks to end
        bench.close()
    return {"machine": facts, "quick": bench.quick, "rounds": bench.rounds, "seconds_each": bench.seconds,
            "history": options.history, "took_seconds": time.monotonic() - began, "when": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
            "rows": bench.rows, "failures": failures, "runs": bench.runs}


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", type=lambda text: [goal.strip().upper() for goal in text.split(",")], default=list(GOALS))
    parser.add_argument("--history", type=int)
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args(arguments)
    if unknown := set(options.only) - set(GOALS):
        parser.error(f"there is no {', '.join(sorted(unknown))}: P1 to P11")
    options.history = options.history or (200_000 if options.quick else 10_000_000)
    return options


def main():
    options = parse(sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="timebank-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")))
    folder.chmod(0o755)  # PostgreSQL's user goes through it
    os.environ["TMPDIR"] = str(folder)
    try:
        results = measure(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "bench.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (options.out / "bench.svg").write_text(chart.draw(results), encoding="utf-8")
    text = table.render(results)
    (options.out / "bench.md").write_text(text, encoding="utf-8")
    print(text)
    return 1 if results["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
