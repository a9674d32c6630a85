"""A real terminal for benchmarks: the interface on a pty, its output read, its CPU time known."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import time


class Terminal:
    """`python PROGRAM ARGS` on a pty of width x height."""

    def __init__(
        self,
        *arguments: str,
        width: int = 120,
        height: int = 40,
        program: tuple[str, ...] = ("-m", "dlplay"),
    ) -> None:
        self.output = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
            os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp()  # not among the user's recordings
            os.execv(sys.executable, [sys.executable, *program, *arguments])
        size = struct.pack("HHHH", height, width, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)

    def read(self, seconds: float) -> bytes:
        """What comes within so many seconds (or at once, if something is there)."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        data = os.read(self.fd, 1 << 20) if ready else b""
        self.output += data
        return data

    def until(self, text: str, seconds: float = 60) -> float:
        """Read until the text appears; how long that took."""
        began, fresh = time.perf_counter(), b""
        while text.encode() not in fresh:
            if time.perf_counter() - began > seconds:
                raise TimeoutError(text)
            fresh += self.read(0.5)
        return time.perf_counter() - began

    def drain(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)

    def press(self, key: str) -> None:
        os.write(self.fd, key.encode())

    @property
    def cpu(self) -> float:
        """CPU seconds of the interface's process so far."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def waited(self) -> float:
        """Seconds that its first thread was ready to run so far, while others had the cores."""
        with open(f"/proc/{self.pid}/schedstat") as stat:
            return int(stat.read().split()[1]) / 1e9

    @property
    def has_torch(self) -> bool:
        with open(f"/proc/{self.pid}/maps") as maps:
            return "libtorch" in maps.read()

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
