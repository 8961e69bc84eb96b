"""bootstrap, outputs and destroy by the real binary, against an independent emulator behind a fault proxy.

    python -m pytest tests/bootstrap            with DRD_BIN, or after `cargo build --release`
    python -m pytest tests/bootstrap/test_estate_emulator.py     the emulator's extension alone; needs no binary

The harness is that of tests/wire. One world a worker, one account a test. Deliberately absent: anything that leaves
this machine, and sleeping for synchronisation.
"""

import pytest
from account import Account
from binary import Drd
from world import World

PACE_MILLISECONDS = "15"  # a resource; some 300 of them in a dozen stacks, side by side, make a few seconds


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"), WIRE_PACE=PACE_MILLISECONDS)
    yield made
    made.stop()


@pytest.fixture
def account(world):
    return Account(world)


@pytest.fixture
def drd(account, tmp_path):
    """drd with an estate that has as few instances and gateways as the templates allow: less to wait for."""
    return Drd(account, tmp_path, account.suffix)
