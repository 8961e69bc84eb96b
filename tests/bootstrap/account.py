"""One AWS account of one test: clients in each region, and everything that is there.

A 12-digit access key is its own account in the emulator. Deliberately absent: any knowledge of drd's names or tags;
what is left is counted in the account as a whole, so nothing can hide by being named otherwise.
"""

import functools
import itertools
import os

from resources import GLOBAL, PRIMARY, STANDBY
from world import World

WITNESS = "eu-west-1"
REGIONS = (PRIMARY, STANDBY, GLOBAL, WITNESS)
numbers = itertools.count(310_000_000_001 + 1_000_000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]))


class Region:
    """The services of one region, as one account sees them."""

    def __init__(self, world: World, account: str, name: str):
        self.world, self.account, self.name = world, account, name

    @functools.cache  # noqa: B019 - a region lives as long as its test
    def client(self, service: str):
        return self.world.client(service, self.account, self.name)

    @property
    def cloudformation(self):
        return self.client("cloudformation")


class Account:
    """An account that nothing else uses; S3 names are global, so the suffix is its own too."""

    def __init__(self, world: World):
        self.world, self.identity = world, str(next(numbers))
        self.suffix = f"t{int(self.identity) % 100_000_000:x}"
        self.regions = {name: Region(world, self.identity, name) for name in REGIONS}

    def region(self, name: str) -> Region:
        return self.regions[name]
