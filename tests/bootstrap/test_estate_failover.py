"""The daemon on the estate that bootstrap built: it fails over, nothing then undoes it, and all of it goes away.

Deliberately absent: faults during the failover (tests/wire has them).
"""

import json

from binary import Drd, changes, stacks
from left import inventory
from serving import Built, Watcher
from test_estate_life import BUILDING, is_whole
from world import eventually

RECOVERS_WITHIN = 90.0
# What a plan may never propose after a failover, in any spelling.
HARMFUL = ("replace", "delete", "remove", "failback", "switchover")


def test_the_daemon_fails_over_what_bootstrap_built_and_the_estate_goes_away_in_that_orientation(account, drd):
    empty = inventory(account)
    drd.done("bootstrap", "--yes")
    with_a_daemon(drd, lambda estate, daemon: fails_over(estate, daemon))
    nothing_is_undone(account, drd)
    drd.done("destroy", "--yes")
    assert inventory(account) - empty == set()


def with_a_daemon(drd: Drd, act) -> None:
    estate = Built(drd)
    daemon = Watcher(estate)
    try:
        daemon.start()
        act(estate, daemon)
    except AssertionError as error:
        raise AssertionError(f"{error}\n--- log\n{daemon.tail()}\n--- status\n{daemon.status()}") from error
    finally:
        daemon.close()
        estate.close()


def fails_over(estate: Built, daemon: Watcher) -> None:
    """The region is gone; an alarm and the witness say so, each by its own way through what the templates made."""
    estate.region_goes_dark()
    estate.alarm("primary", "ALARM")
    estate.witness("primary", "unhealthy", "connection timed out")
    eventually("drd is exposed", lambda: daemon.state() == "exposed", RECOVERS_WITHIN)
    assert estate.writers() == ["standby"]
    assert estate.latched() and estate.dns.address == "127.0.0.12"
    assert estate.group("standby")["DesiredCapacity"] == estate.group("primary")["DesiredCapacity"]
    assert estate.depth(estate.dead_url) == (0, 0)


def nothing_is_undone(account, drd: Drd) -> None:
    """Neither the plan nor the deed: the writer, the latch and the standby's size stay as the failover left them."""
    so_far, before = len(changes(account)), inventory(account)
    plan = drd.done("bootstrap", "--plan")
    assert [word for word in HARMFUL if word in plan.lower()] == [], plan
    drd.done("bootstrap", "--yes")
    assert {c.action for c in changes(account)[so_far:]} & BUILDING == set()
    assert inventory(account) == before
    is_whole(account, drd.suffix)
    members = account.region("eu-central-2").client("rds").describe_global_clusters()["GlobalClusters"][0]
    writer = next(m["DBClusterArn"] for m in members["GlobalClusterMembers"] if m["IsWriter"])
    assert writer.endswith(f"cluster:aurora-standby-{drd.suffix}"), json.dumps(members, default=str)
    assert stacks(account, drd.suffix)
