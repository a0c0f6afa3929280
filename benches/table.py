#!/usr/bin/env python3
"""Medians of crawl.sh's figures as a table: table.py FIGURES.tsv

Each line: tool, responses, user seconds, system seconds, wall seconds, peak kB.
"""

import statistics
import sys


def main():
    runs = {}
    for line in open(sys.argv[1]):
        tool, *figures = line.rstrip("\n").split("\t")
        runs.setdefault(tool, []).append([float(figure) for figure in figures])
    rows = {}
    for tool, measured in runs.items():
        count, user, system, wall, memory = (statistics.median(column) for column in zip(*measured))
        cpu = statistics.median(run[1] + run[2] for run in measured)
        rows[tool] = (len(measured), count, wall, count / wall, user, system, 1000 * cpu / count, memory / 1024)
    ours = rows.get("fonds")
    print("| tool | runs | responses | wall s | URLs/s | user s | system s | CPU s for 1,000 URLs | peak MB "
          "| fonds' CPU ÷ its | fonds' URLs/s ÷ its |\n|---|---|---|---|---|---|---|---|---|---|---|")
    for tool, row in sorted(rows.items()):
        runs_, count, wall, rate, user, system, cpu, memory = row
        ratios = f"{ours[6] / cpu:.2f} | {ours[3] / rate:.2f}" if ours else "|"
        print(f"| {tool} | {runs_} | {count:,.0f} | {wall:.1f} | {rate:.0f} | {user:.1f} | {system:.1f} | {cpu:.2f} "
              f"| {memory:.0f} | {ratios} |")


if __name__ == "__main__":
    main()
