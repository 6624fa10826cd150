"""Processes that end with us, whatever ends us."""
import ctypes
import os
import pathlib
import re
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
READY_TIMEOUT_SECONDS = 120
STOP_TIMEOUT_SECONDS = 60


class Failed(Exception):
    """A program did not do what it was asked; the message says which and why."""


def _die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def run(command, **arguments):
    """What the program printed. Failed: it did not end well."""
    words = [str(word) for word in command]
    done = subprocess.run(words, check=False, capture_output=True, text=True, preexec_fn=_die_with_parent, **arguments)
    if done.returncode != 0:
        raise Failed(f"{pathlib.Path(words[0]).name} ended with {done.returncode}: {(done.stderr + done.stdout).strip()[-600:]} "
                     f"({' '.join(words)})")
    return done.stdout


def start(command, log, **arguments):
    """A process that runs beside us; what it prints goes to the file `log`. In a session of its own: an interrupt from
    the keyboard reaches us alone, and we end it in order."""
    with log.open("w", encoding="utf-8") as out:
        return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out,
                                stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=_die_with_parent, **arguments)


def stop(process):
    """Asks it to end, and waits; ends it where it does not. True: it ended by itself."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return False
    return True


def wait_until(ready, process, log, interval=0.005):
    """Until `ready()` is true. Failed: the process has ended, or it took too long."""
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            raise Failed(f"{process.args[0]} did not come up: {log.read_text(encoding='utf-8')[-600:]}")
        time.sleep(interval)


class Server:
    """timebankd or timebank-noop over a folder, on a free port of the loopback."""

    def __init__(self, program, folder, *flags):
        self.program, self.folder, self.flags = program, folder, flags
        folder.mkdir(exist_ok=True)
        self.start()

    def start(self):
        """Sets `ready_seconds`: from its start until it serves."""
        log = self.folder / "log"
        began = time.monotonic()
        self.process = start([self.program, "--data", self.folder / "data", "--listen", "127.0.0.1:0", *self.flags], log)
        said = re.compile(r" ready on (\S+)\n")
        wait_until(lambda: said.search(log.read_text(encoding="utf-8", errors="replace")), self.process, log)
        self.ready_seconds = time.monotonic() - began
        self.address = said.search(log.read_text(encoding="utf-8", errors="replace"))[1]

    def stop(self):
        if not stop(self.process):
            raise Failed(f"{self.program} did not stop")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def disk_bytes(self):
        """What its folder takes on the disk."""
        return sum(path.lstat().st_blocks * 512 for path in (self.folder / "data").rglob("*"))

    def memory_bytes(self, peak=False):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(rf"{'VmHWM' if peak else 'VmRSS'}:\s+(\d+)", status)[1]) * 1024

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
