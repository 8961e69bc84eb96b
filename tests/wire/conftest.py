"""The wire-level test of drd: the real binary and the real SDK against an independent emulator behind a fault proxy.

    python -m pytest tests/wire            with DRD_BIN, or after `cargo build --release`
    python -m pytest tests/wire/test_harness.py      the harness alone; needs no binary

One world (emulator and proxy) a session, one account with its own estate and daemon a test. Deliberately absent:
anything that leaves this machine, and sleeping for synchronisation: conditions are awaited with deadlines.
"""

import pytest
from daemon import Daemon
from estate import Estate
from world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.stop()


@pytest.fixture
def estate(world, tmp_path):
    made = Estate(world, tmp_path)
    yield made
    made.close()


@pytest.fixture
def daemon(estate, request):
    """A daemon that has armed itself. When the test fails, the tail of its log is in the report."""
    made = Daemon(estate)
    made.start()
    yield made
    made.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    shown = getattr(item, "funcargs", {})
    if report.failed and "daemon" in shown:
        report.sections.append(("the daemon's log, last lines", shown["daemon"].tail()))
        report.sections.append(("the ledger", shown["daemon"].story()))
    if report.failed and "estate" in shown:
        report.sections.append(("mutating calls", "\n".join(map(str, shown["estate"].mutating()))))
    return report
