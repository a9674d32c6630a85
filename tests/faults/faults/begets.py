"""# Begins processes that outlive it"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import torch
from torch.utils.data import DataLoader

from dlplay import Choice, Scene

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(3600)"


class Begets(Scene):
    end = Choice("returns", ("returns", "spins", "holds", "exits", "waits"))

    def run(self, stage):
        print("pid", os.getpid())
        child = subprocess.Popen([sys.executable, "-S", "-c", STUBBORN])
        print("pid", child.pid)
        forked = os.fork()
        if not forked:
            if os.fork():
                os._exit(0)
            os.setsid()
            for number in range(1, signal.SIGRTMAX):
                if number not in (signal.SIGKILL, signal.SIGSTOP):
                    with suppress(OSError, ValueError):
                        signal.signal(number, signal.SIG_IGN)
            print("pid", os.getpid(), flush=True)
            while True:
                time.sleep(3600)
        os.waitpid(forked, 0)
        loader = DataLoader(torch.arange(1000.0), num_workers=2, persistent_workers=True)
        batches = iter(loader)
        next(batches)
        for worker in batches._workers:
            print("pid", worker.pid)
        for step in stage.loop(10**9 if self.end == "waits" else 3):
            stage.curve("loss", train=1.0)
            stage.flush()
            if step == 2:
                print("all are there", flush=True)
                if self.end == "exits":
                    os._exit(0)
                while self.end == "spins":
                    pass
                if self.end == "holds":  # the interpreter, in C
                    sum(range(10**12))
