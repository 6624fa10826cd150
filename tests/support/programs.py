"""The real programs for tests in Python: a server of its own, and the command line as a broker uses it.

Every wait has a limit, and children die with the test.
"""
import ctypes
import csv
import io
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

READY = "timebankd ready on "
LIMIT_S = 60


def _die_with_parent():
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def tied(command):
    """The command, to be killed when this process ends. A preexec_fn would do it too, but then Python forks, and gRPC, where a
    test uses it, wants its threads to stop for that: now and then they do not."""
    return ["setpriv", "--pdeathsig", "KILL", *command]


def _environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIMEBANK_")}
    return {**kept, **more}


def free_port():
    """A port of 127.0.0.1 that nobody has, for what cannot choose one by itself and say which."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def make_certificate(folder, name, begin, end):
    """A certificate of its own authority in folder/{name}.crt with folder/{name}.key, good from `begin` to `end` (time.struct_time)."""
    key, request, crt, settings = (folder / f"{name}.{kind}" for kind in ("key", "request", "crt", "settings"))
    (folder / f"{name}.index").write_text("")
    settings.write_text(f"[ca]\ndefault_ca = d\n[d]\ndatabase = {folder}/{name}.index\nnew_certs_dir = {folder}\n"
                        "rand_serial = yes\ndefault_md = sha256\npolicy = p\n[p]\ncommonName = supplied\n")
    for words in (["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-subj", f"/CN={name}",
                   "-out", request],
                  ["ca", "-batch", "-config", settings, "-selfsign", "-keyfile", key, "-in", request, "-out", crt, "-notext",
                   "-startdate", time.strftime("%Y%m%d%H%M%SZ", begin), "-enddate", time.strftime("%Y%m%d%H%M%SZ", end)]):
        subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=LIMIT_S)


class Server:
    """timebankd on a free port, in a folder that is thrown away."""

    def __init__(self, program, *flags):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="timebank-"))
        self._command = [program, "--data", str(self.folder / "data"), "--listen", "127.0.0.1:0", *flags]
        self._process = None
        self._kept = None
        self.address = None

    def start(self, port=0):
        if port:
            self._let_go()
        self._command[self._command.index("--listen") + 1] = f"127.0.0.1:{port}"
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(tied(self._command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                             env=_environment())
        ready, _, _ = select.select([self._process.stdout], [], [], LIMIT_S)
        said = self._process.stdout.readline().decode() if ready else ""
        if not said.startswith(READY):
            self.kill()
            raise AssertionError(f"the server was not ready: {said!r}\n{(self.folder / 'log').read_text()}")
        self.address = said[len(READY):].strip()
        return self

    def resident_bytes(self):
        """What it has of the machine's memory."""
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024

    def kill(self):
        self._process.kill()
        self._end()

    def stop(self):
        """Asks it to stop; its exit code."""
        self._process.terminate()
        return self._end()

    def _end(self):
        code = self._process.wait(LIMIT_S)
        self._process.stdout.close()
        self._keep_port()
        return code

    def _keep_port(self):
        """So that whoever still calls there is refused, and reaches no server of another test that was given the port."""
        host, _, port = (self.address or "").rpartition(":")
        if self._kept is None and host == "127.0.0.1":
            self._kept = socket.socket()
            self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                self._kept.bind((host, int(port)))
            except OSError:  # somebody was faster
                self._let_go()

    def _let_go(self):
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def clear(self):
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self._let_go()
        shutil.rmtree(self.folder, ignore_errors=True)


class Result:
    """What a command said and how it ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def rows(self):
        """The output as CSV: a dictionary a row. Every row has as many fields as the head."""
        rows = list(csv.reader(io.StringIO(self.out)))
        assert rows and all(len(row) == len(rows[0]) for row in rows), f"uneven rows: {self}"
        return [dict(zip(rows[0], row)) for row in rows[1:]]

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


class CommandLine:
    """`timebank`, with a home of its own."""

    def __init__(self, program, server, **variables):
        self._program = program
        self._server = server
        self._variables = variables

    def command(self, *words):
        """What run() runs, for a test that wants to hold both ends of it."""
        return [self._program, *words]

    def environment(self):
        """A home of its own, and English whatever the machine is set to."""
        home = str(self._server.folder / "home")
        return _environment(HOME=home, XDG_CONFIG_HOME=home, XDG_STATE_HOME=home, TIMEBANK_SERVER=self._server.address,
                            TIMEBANK_LANGUAGE="en", TERM="xterm", **self._variables)

    def start(self, *words):
        """Starts it and returns at once."""
        return subprocess.Popen(tied([self._program, *words]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=self.environment())

    def run(self, *words, limit_s=LIMIT_S, typed=None):
        """Runs it off a terminal; `typed` comes through a pipe."""
        done = subprocess.run([self._program, *words], stdin=subprocess.DEVNULL if typed is None else None,
                              input=None if typed is None else typed.encode(), capture_output=True, check=False,
                              env=self.environment(), timeout=limit_s)
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def run_on_terminal(self, *words, answer=None, answers=()):
        """Runs it on a terminal of 100 columns; types `answer` when it asks something, or the next of `answers`, keys such as
        Tab among them. All that it shows is `out`."""
        waiting = [answer] if answer is not None else list(answers)
        pid, terminal = pty.fork()
        if pid == 0:
            _die_with_parent()
            os.execve(self._program, [self._program, *words], {**self.environment(), "COLUMNS": "100"})
        shown = b""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 0.2)[0]:
                # A question stands at the end of a line, and nothing follows it.
                if waiting and not shown.endswith(b"\n"):
                    os.write(terminal, waiting.pop(0).encode() + b"\n")
                continue
            try:
                more = os.read(terminal, 65536)
            except OSError:  # the other end is closed
                break
            if not more:
                break
            shown += more
        else:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        return Result(os.waitstatus_to_exitcode(status), shown.decode(), "")
