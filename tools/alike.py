"""Compares what `make alike` has measured: does the time of an answer tell why somebody stays out?

alike.py FILE    lines of run,kind,microseconds

Each two kinds are compared by a two-sample Kolmogorov-Smirnov test. With so many pairs a small p is no surprise: each pair
gets an equal part of the chance of one false alarm (Bonferroni); the raw p are printed. The run without a floor of time
shows that the measurement would find a difference.
"""

import csv
import itertools
import statistics
import sys
from collections import defaultdict

from scipy.stats import ks_2samp

# The chance of finding a difference in one pair or more where there is none in any.
CHANCE = 0.01


def main(file: str) -> int:
    runs = defaultdict(lambda: defaultdict(list))
    with open(file, newline="") as lines:
        for run, kind, microseconds in csv.reader(lines):
            runs[run][kind].append(float(microseconds) / 1000)
    [(_, _, blind)] = compared(runs["without-floor"])
    print(f"without a floor of time p = {blind:.1e} (unknown-user, limited-name)")
    for kind, times in runs["with-floor"].items():
        parts = statistics.quantiles(times, n=20)
        low, middle, high = parts[0], parts[9], parts[18]
        print(f"{kind:<15} {len(times):>5} attempts; ms at 5, 50 and 95 %: {low:.2f} {middle:.2f} {high:.2f}")
    pairs = sorted(compared(runs["with-floor"]), key=lambda pair: pair[2])
    for one, other, p in pairs:
        print(f"p = {p:.4f}  {one}, {other}")
    bound = CHANCE / len(pairs)
    found = [pair for pair in pairs if pair[2] < bound]
    print(f"{len(found)} of {len(pairs)} pairs differ at p < {CHANCE}/{len(pairs)}")
    return 0 if blind < 1e-6 and not found else 1


def compared(kinds: dict) -> list[tuple[str, str, float]]:
    pairs = itertools.combinations(sorted(kinds), 2)
    return [(one, other, ks_2samp(kinds[one], kinds[other]).pvalue) for one, other in pairs]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
