"""A PostgreSQL of one's own for a while: a cluster in a folder, reached through a socket in it, durable as it comes."""
import os
import pathlib
import pwd
import subprocess

import processes

SQL = pathlib.Path(__file__).with_name("postgres.sql")
# Room for a run without a checkpoint in the middle of a measurement; nothing that would lose an acknowledged record.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "max_connections": "100",
    "jit": "off",
    "logging_collector": "off",
}
SCRIPTS = {
    "single": r"""\set giver random(1, {members})
\set other random(1, {members} - 1)
\set receiver CASE WHEN :other < :giver THEN :other ELSE :other + 1 END
\set seconds 360 * random(1, 40)
SELECT record_exchange(gen_random_uuid(), :giver, :receiver, :seconds, 'Help with the garden on Tuesday 1234');
""",
    "hot": r"""\set giver random(1, {members})
\set seconds 360 * random(1, 40)
SELECT record_exchange(gen_random_uuid(), :giver, 0, :seconds, 'Help with the garden on Tuesday 1234');
""",
    "batch": r"""\set number random(1, 20)
SELECT record_batch(gen_random_uuid(), givers, receivers, seconds, notes) FROM batch WHERE number = :number;
""",
}
BATCH = 1000
WARM_UP_SECONDS = 3


def binaries():
    """The folder with initdb and pgbench; None: PostgreSQL is not installed."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Cluster:
    """Started when made; `stop` ends it. Its folder is the caller's to remove."""

    def __init__(self, folder, members):
        self.folder, self.members = folder, members
        self.bin = binaries()
        # PostgreSQL refuses to be run by root.
        self.user = "postgres" if os.getuid() == 0 else None
        folder.mkdir()
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        self._run(self.bin / "initdb", "--pgdata", folder / "data", "--no-sync", "--auth", "trust", "--encoding", "UTF8",
                  "--locale", "C", "--username", "bench")
        options = [part for name, value in {**SETTINGS, "unix_socket_directories": folder}.items()
                   for part in ("-c", f"{name}={value}")]
        self.server = processes.start([self.bin / "postgres", "-D", folder / "data", *options], folder / "log",
                                      user=self.user, cwd=folder)
        processes.wait_until(lambda: (folder / ".s.PGSQL.5432").exists() and self._ready(), self.server, folder / "log")
        self._run(self.bin / "psql", *self._address(), "--dbname", "postgres", "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1",
                  "--set", f"members={members}", "--file", "-", input=SQL.read_text(encoding="utf-8"))
        for name, script in SCRIPTS.items():
            (folder / f"{name}.pgbench").write_text(script.format(members=members), encoding="utf-8")
        self.version = self._run(self.bin / "postgres", "--version").split()[2]

    def measure(self, script, clients, seconds):
        """Transactions a second, and how long they took; a batch is one of BATCH exchanges. Measured are the last
        `seconds`: before that every connection fills its caches."""
        prefix = self.folder / "took"
        for old in self.folder.glob("took.*"):
            old.unlink()
        said = self._run(self.bin / "pgbench", *self._address(), "--no-vacuum", "--protocol", "prepared", "--client", clients,
                         "--jobs", min(clients, 2), "--time", WARM_UP_SECONDS + seconds, "--log", "--log-prefix", prefix,
                         "--file", self.folder / f"{script}.pgbench", "postgres")
        # A line: client, number, microseconds it took, script, when it ended: seconds, microseconds.
        lines = [line.split() for log in self.folder.glob("took.*") for line in log.read_text(encoding="ascii").splitlines()]
        ended = [(int(line[4]) + int(line[5]) / 1e6, int(line[2])) for line in lines]
        last = max((end for end, _ in ended), default=0)
        took = sorted(took_us for end, took_us in ended if end > last - seconds)
        if not took:
            raise processes.Failed(f"pgbench recorded nothing: {said}")
        percentiles = {name: took[min(len(took) - 1, len(took) * permille // 1000)]
                       for name, permille in (("p50_us", 500), ("p99_us", 990), ("p999_us", 999))}
        return {"rate": len(took) / seconds, "batch_size": BATCH if script == "batch" else 1,
                "times": {"count": len(took), **percentiles}}

    def stop(self):
        processes.stop(self.server)

    def _address(self):
        return "--host", self.folder, "--username", "bench"

    def _ready(self):
        return subprocess.run([self.bin / "pg_isready", "--quiet", "--host", self.folder], check=False).returncode == 0

    def _run(self, *command, **arguments):
        return processes.run(command, user=self.user, cwd=self.folder, **arguments)
