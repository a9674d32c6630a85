"""Slurm, played by five scripts."""

from __future__ import annotations

import sys

SBATCH = r"""
import os, re, subprocess, sys
text = open(sys.argv[1]).read()
script = os.path.join(HOME, "submitted.sh")  # jobs run a copy: the original may be moved meanwhile
open(script, "w").write(text)
if "partition=closed" in text:
    sys.exit("sbatch: error: invalid partition specified: closed")
array = re.search(r"--array=0-(\d+)", text)
open(os.path.join(HOME, "jobs"), "w").write(str(int(array[1]) + 1 if array else 1))
for place in range(int(array[1]) + 1) if array else [None]:
    env = {**os.environ, "SLURM_JOB_ID": "7", "SLURM_NTASKS": "1", "SLURM_JOB_NUM_NODES": "1",
           "SLURM_NODEID": "0", "SLURM_PROCID": "0", "SLURM_LOCALID": "0"}
    if place is not None:
        env |= {"SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": str(place)}
    out = open(os.devnull, "w")
    command = f"sh {script}; echo over >> {HOME}/over"
    subprocess.Popen(["sh", "-c", command], env=env, stdout=out, stderr=out, start_new_session=True)
print("Submitted batch job 7")
"""
SRUN = r"""
import os, sys
words = sys.argv[1:]
places = {"%A": "SLURM_ARRAY_JOB_ID", "%a": "SLURM_ARRAY_TASK_ID", "%j": "SLURM_JOB_ID",
          "%t": "SLURM_PROCID"}
while words[0].startswith("--"):
    name, *words = words
    if name == "--unbuffered":
        continue
    path, *words = words
    for letter, variable in places.items():
        path = path.replace(letter, os.environ.get(variable, ""))
    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644), 1 if name == "--output" else 2)
os.execvp(words[0], words)
"""
SACCT = r"""
import os
def said(name):
    path = os.path.join(HOME, name)
    return open(path).read() if os.path.exists(path) else ""
print("JobID|State|NodeList")
if said("over").count("over") >= int(said("jobs") or 0):
    print(said("states"))
"""
NO_ACCOUNTS = """#!/bin/sh
echo Slurm accounting storage is disabled >&2
exit 1
"""
SQUEUE = r"""
import os, sys
assert sys.argv[-1] == "--jobs=7"
print(open(os.path.join(HOME, "states")).read())
"""
SCANCEL = r"""
import os, sys
open(os.path.join(HOME, "cancelled"), "w").write(" ".join(sys.argv[1:]))
"""


def play(home):
    """Put Slurm's commands into this folder, which is to be searched first. What `sacct` and
    `squeue` say of jobs stands in its file `states`."""
    home.mkdir()
    commands = {
        "sbatch": SBATCH, "srun": SRUN, "sacct": SACCT, "scancel": SCANCEL, "squeue": SQUEUE
    }  # fmt: skip
    for name, body in commands.items():
        (home / name).write_text(f"#!{sys.executable} -S\nHOME = {str(home)!r}\n{body}")
        (home / name).chmod(0o755)
