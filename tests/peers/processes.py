"""Processes that end with this one, whatever happens: each has a process group of its own, which is killed at exit."""

import atexit
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request


class Failed(Exception):
    """What a person has to read to go on."""


class Processes:
    """Starts programs that log into `folder`, and ends them all."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.running: dict[str, subprocess.Popen] = {}
        self.reserved: list[socket.socket] = []
        atexit.register(self.end)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: sys.exit(128 + number))

    def free_port(self) -> int:
        """A port of 127.0.0.1 that is given to nobody else.

        A socket that is bound and does not listen holds it: the kernel gives such a port to nobody who asks for any, and
        lets in who asks for this one by number with SO_REUSEADDR, as servers do.
        """
        holder = socket.socket()
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        self.reserved.append(holder)
        return holder.getsockname()[1]

    def start(self, name: str, command: list, env: dict, cwd: pathlib.Path) -> pathlib.Path:
        """Starts `name`; returns the file into which it talks."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            self.running[name] = subprocess.Popen(
                [str(part) for part in command],
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return log

    def ready(self, name: str, url: str, seconds: float = 30):
        """Waits until `name` answers at `url`, with any status."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.running[name].poll() is not None:
                raise Failed(f"{name} ended with status {self.running[name].returncode}:\n{self.tail(name)}")
            try:
                urllib.request.urlopen(url, timeout=2).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
        raise Failed(f"{name} does not answer at {url} after {seconds:.0f} s:\n{self.tail(name)}")

    def tail(self, name: str, lines: int = 20) -> str:
        """The last lines of what `name` said."""
        log = self.folder / f"{name}.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self, name: str):
        """Ends `name` and its process group."""
        end_groups([self.running.pop(name)])

    def end(self):
        """Ends every process group."""
        groups = [process for process in self.running.values()]
        self.running.clear()
        end_groups(groups)
        for holder in self.reserved:
            holder.close()


def end_groups(groups: list[subprocess.Popen]):
    """Ends process groups, with a second to end by themselves."""
    for process in groups:
        kill_group(process, signal.SIGTERM)
    until = time.monotonic() + 1
    for process in groups:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        # The leader may have gone and left children: the group is asked once more, and not politely.
        kill_group(process, signal.SIGKILL)
        process.wait()


def kill_group(process: subprocess.Popen, number: signal.Signals):
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def run(command: list, env: dict, cwd: pathlib.Path, log: pathlib.Path, seconds: float = 180):
    """Runs a command to its end; what it says is shown if it fails."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(seconds)
        finally:
            kill_group(process, signal.SIGKILL)
            process.wait()
    if status:
        raise Failed(f"{pathlib.Path(str(command[0])).name} {command[1]} failed:\n{log.read_text(errors='replace')[-4000:]}")
