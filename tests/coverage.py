"""`pytest --coverage`: which lines and branches of the site the tests take, and whether that is enough.

SlipCover puts its probes into the code as it is imported, and takes them out again once they were passed: the tests
take no longer, where a tracer makes them a half slower.
"""

import json
from io import StringIO

import pytest
import slipcover

SOURCES = ["blog", "clinic", "leads"]
OMITTED = ["*/migrations/*"]
EXCLUDED = ["if TYPE_CHECKING:"]
FLOOR = 90.0  # per cent of all lines and branches
FLOOR_OF_LEADS = 95.0  # per cent of the branches in leads


class Coverage:
    """A plugin: each process that runs tests measures, and the one that leads them adds up."""

    def __init__(self) -> None:
        self.measured = slipcover.Slipcover(branch=True, source=SOURCES, omit=OMITTED, exclude_lines=EXCLUDED)
        slipcover.ImportManager(self.measured, slipcover.FileMatcher(sources=SOURCES, omit=OMITTED)).__enter__()
        self.parts: list[dict] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        config = session.config
        if hasattr(config, "workeroutput"):
            config.workeroutput["coverage"] = json.dumps(self.measured.get_coverage())
            return
        whole = self.whole()
        if session.exitstatus == pytest.ExitCode.OK and (shares(whole)[0] < FLOOR or shares(whole)[1] < FLOOR_OF_LEADS):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node) -> None:
        if "coverage" in getattr(node, "workeroutput", {}):
            self.parts.append(json.loads(node.workeroutput["coverage"]))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        table = StringIO()
        slipcover.print_coverage(self.whole(), outfile=table, skip_covered=True)
        of_all, of_leads = shares(self.whole())
        terminalreporter.section("coverage")
        terminalreporter.write_line(table.getvalue())
        terminalreporter.write_line(f"Lines and branches: {of_all:.1f} %, at least {FLOOR:.0f} %")
        terminalreporter.write_line(f"Branches of leads: {of_leads:.1f} %, at least {FLOOR_OF_LEADS:.0f} %")

    def whole(self) -> dict:
        first, *others = [*self.parts, self.measured.get_coverage()]
        for part in others:
            slipcover.merge_coverage(first, part)
        self.parts = [first]
        return first


def shares(coverage: dict) -> tuple[float, float]:
    """Per cent of all lines and branches, and of the branches in leads."""
    leads = [file["summary"] for name, file in coverage["files"].items() if name.startswith("leads/")]
    taken, missing = (sum(summary[f"{kind}_branches"] for summary in leads) for kind in ("covered", "missing"))
    return coverage["summary"]["percent_covered"], 100 * taken / ((taken + missing) or 1)
