"""`python -m dev.branches`: fails when the tests that ran last took fewer than 95 % of the branches in leads."""

import json
import sys
import tempfile

from coverage import Coverage

FLOOR = 95.0  # per cent; pyproject.toml has the floor of all lines and branches


def main() -> int:
    taken = share_of_branches("leads/*")
    print(f"Branches of leads that the tests take: {taken:.1f} %, floor {FLOOR:.0f} %")
    return int(taken < FLOOR)


def share_of_branches(pattern: str) -> float:
    """In per cent, over all files of this pattern."""
    coverage = Coverage()
    coverage.load()
    with tempfile.NamedTemporaryFile("r") as report:
        coverage.json_report(outfile=report.name, include=[pattern])
        totals = json.load(report)["totals"]
    return 100 * float(totals["covered_branches"]) / float(totals["num_branches"])


if __name__ == "__main__":
    sys.exit(main())
