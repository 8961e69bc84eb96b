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
    """A daemon that has armed itself."""
    made = request.node.drd = Daemon(estate)
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """What to read when a test failed, also one that failed because its daemon never armed itself."""
    report = yield
    daemon = getattr(item, "drd", None)
    if report.failed and daemon:
        report.sections.append(("the daemon's log, last lines", daemon.tail()))
        report.sections.append(("its status", str(daemon.status())))
        report.sections.append(("its ledger", daemon.story()))
        report.sections.append(("mutating calls", "\n".join(map(str, daemon.estate.mutating()))))
    return report
