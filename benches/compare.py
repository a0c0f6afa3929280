#!/usr/bin/env python3
"""fonds beside other WARC tools, in one run: compare.py FILE.warc.gz [RUNS]

Prints medians of CPU seconds (user and system, of the whole process) and of peak memory, and ratios of fonds to the
others. The tools take turns, so that a machine that others use slows all of them alike. FONDS names fonds' program
(default target/release/fonds); the others are found on PATH, or left out.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time

FONDS = os.environ.get("FONDS", "target/release/fonds")
ITERATE = "import sys,fastwarc;n=sum(1 for _ in fastwarc.ArchiveIterator(open(sys.argv[1],'rb'),parse_http=False))"
WARCIO = "import sys;from warcio import ArchiveIterator as A;n=sum(1 for _ in A(open(sys.argv[1],'rb')))"
PYTHON = os.environ.get("PYTHON", "python3")
FLOOR = os.environ.get("FLOOR", "no floor measured")
# Job, name, command; fonds first, then whom it is compared with.
JOBS = [
    ("iterate", "fonds ls -j 1", [FONDS, "ls", "-j", "1", "{}"]),
    ("iterate", "fonds ls -j 2", [FONDS, "ls", "-j", "2", "{}"]),
    ("iterate", "floor: inflate", [FLOOR, "{}"]),
    ("iterate", "fastwarc (Python iterator)", [PYTHON, "-c", ITERATE, "{}"]),
    ("iterate", "warcio (Python iterator)", [PYTHON, "-c", WARCIO, "{}"]),
    ("verify", "fonds verify -j 1", [FONDS, "verify", "-q", "-j", "1", "{}"]),
    ("verify", "fonds verify -j 2", [FONDS, "verify", "-q", "-j", "2", "{}"]),
    ("verify", "floor: inflate, SHA-1 twice", [FLOOR, "{}", "sha1"]),
    ("verify", "fastwarc check -p", ["fastwarc", "check", "-q", "-p", "{}"]),
    ("verify", "warcio check", ["warcio", "check", "{}"]),
    ("index", "fonds index -j 1", [FONDS, "index", "-j", "1", "{}"]),
    ("index", "fonds index -j 2", [FONDS, "index", "-j", "2", "{}"]),
    ("index", "fastwarc index", ["fastwarc", "index", "{}"]),
    ("index", "warcio index", ["warcio", "index", "{}"]),
    ("index", "cdxj-indexer", ["cdxj-indexer", "{}"]),
]


def run(command):
    """CPU seconds, wall seconds, peak MB."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_utime + usage.ru_stime, time.monotonic() - begin, usage.ru_maxrss / 1024


def main():
    path, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    jobs = [(job, name, [part.format(path) if part == "{}" else part for part in command])
            for job, name, command in JOBS if shutil.which(command[0])]
    results = {(job, name): [] for job, name, _ in jobs}
    for _ in range(runs):
        for job, name, command in jobs:
            results[job, name].append(run(command))
    ours = {}
    print("| job | tool | CPU s | wall s | peak MB | fonds' CPU ÷ its |\n|---|---|---|---|---|---|")
    for (job, name), measured in results.items():
        cpu, wall, memory = (statistics.median(column) for column in zip(*measured))
        ours.setdefault(job, cpu)
        print(f"| {job} | {name} | {cpu:.2f} | {wall:.2f} | {memory:.0f} | {ours[job] / cpu:.2f} |")


if __name__ == "__main__":
    main()
