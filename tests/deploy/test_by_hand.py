"""The runbook's blocks, pasted as they stand, with the real AWS command line against the emulator; and then drd again.

What a person does at 3 am must work at the first try, and drd must take it from there. Deliberately absent: DNS asked
by `dig` (the emulator serves no zone; dns.py derives the answer from the latch), systemd and ECS.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import ecs
import pytest
import runbook
from app import WRITE
from daemon import Daemon, binary
from estate import Estate
from pair import Pair
from resources import PRIMARY, REGION, SERVING, STANDBY
from test_failover import RECOVERS_WITHIN, region_lost
from tools import need
from world import World, environment, eventually

BLOCKS = runbook.named(runbook.text())
PASTED = ["newest-decisions", "export-the-ledger", "lag", "latch", "derive", "lease", "look", "switch", "promote",
          "wait-for-the-writer", "scale", "count", "prove", "throw-the-latch", "remove-the-latch", "fence", "rest", "new-table",
          "another-image"]
BLOCK_WITHIN = 60.0


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


class Person:
    """Somebody with a shell, the variables of "Set the table", and the page."""

    def __init__(self, estate: Estate, to: str):
        source = "standby" if to == "primary" else "primary"
        self.estate, self.folder = estate, estate.scratch / f"shell-{to}"
        self.folder.mkdir()
        tools = {Path(need("jq", "Debian: jq")).parent, Path(need("curl", "Debian: curl")).parent}
        # Of the wheel that requirements.txt pins, and the drd that is under test.
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "drd").symlink_to(binary())
        path = [self.folder / "bin", Path(sys.executable).parent, *tools, *map(Path, os.environ["PATH"].split(":"))]
        self.env = environment(estate.account, estate.world.emulator) | {
            "PATH": ":".join(map(str, path)), "HOME": str(self.folder), "SUFFIX": estate.suffix,
            "PRIMARY_REGION": PRIMARY, "STANDBY_REGION": STANDBY, "FROM": source, "FROM_REGION": REGION[source],
            "TO": to, "TO_REGION": REGION[to], "ACCOUNT": estate.account, "SERVING": str(SERVING),
            "WRITE_CHECK": estate.apps[to].url(WRITE)}
        assert shutil.which("aws", path=self.env["PATH"])

    def pastes(self, name: str, answers: str = "") -> str:
        script = f"set -euo pipefail\n{BLOCKS['derive']}\n{BLOCKS[name]}"
        done = subprocess.run(["bash", "-c", script], cwd=self.folder, env=self.env, capture_output=True, text=True,
                              timeout=BLOCK_WITHIN)
        assert done.returncode == 0, f"{name}: {done.stdout}\n{done.stderr}"
        assert answers in done.stdout, f"{name} answered {done.stdout!r}"
        return done.stdout

    def waits_for(self, name: str, what: str) -> None:
        """A block that the page says to repeat."""
        eventually(f"{name} answers {what}", lambda: self.pastes(name).strip().endswith(what), 30)


def serves(estate: Estate, side: str) -> None:
    assert estate.writers() == [side]
    assert estate.latched() == (side == "standby")


def test_every_block_that_has_a_name_is_tried_here():
    assert sorted(BLOCKS) == sorted(PASTED)


def test_a_failover_that_drd_could_not_finish_is_finished_by_hand_and_drd_goes_on_from_there(estate, request):
    daemon = request.node.drd = Daemon(estate)
    daemon.start()
    estate.faults.throttle("rds", "FailoverGlobalCluster", times=1000)
    region_lost(estate)
    eventually("drd promotes, and gets nowhere", lambda: "promoting" in daemon.path(), RECOVERS_WITHIN)
    daemon.kill()
    estate.faults.clear()
    estate.region_goes_dark()
    mine = len(estate.mutating())
    by_hand(estate)
    assert [c.action for c in estate.mutating()[mine:]] == ["FailoverGlobalCluster", "UpdateAutoScalingGroup", "PutObject"]
    then_drd_finishes(estate, daemon)


def by_hand(estate: Estate) -> None:
    person = Person(estate, to="standby")
    assert person.env["FROM_REGION"] == PRIMARY
    person.pastes("look", f":cluster:aurora-primary-{estate.suffix}")
    person.pastes("lag", "350.0")
    person.pastes("promote", "failing-over")
    person.pastes("scale")
    person.pastes("wait-for-the-writer", f":cluster:aurora-standby-{estate.suffix}")
    person.waits_for("count", f"\t{SERVING}")
    person.waits_for("prove", "200")
    assert not estate.latched()
    person.pastes("throw-the-latch", '"')
    person.pastes("latch")
    serves(estate, "standby")


def then_drd_finishes(estate: Estate, daemon: Daemon) -> None:
    daemon.start(until_armed=False)
    eventually("drd is exposed", lambda: daemon.state() == "exposed", RECOVERS_WITHIN)
    assert daemon.path()[-4:] == ["promoting", "redirecting", "verifying", "exposed"]
    promoted = [c for c in estate.calls("FailoverGlobalCluster") if c.took_effect]
    assert len(promoted) == 1 and "aws-cli" in promoted[0].agent
    serves(estate, "standby")
    assert daemon.terminate() == 0


def test_a_failback_by_hand_ends_with_an_armed_drd_on_a_new_ledger(estate, request):
    pair = Pair(estate)
    request.node.drd = pair.first
    try:
        pair.start()
        region_lost(estate)
        eventually("drd is exposed", lambda: pair.first.state() == "exposed", RECOVERS_WITHIN)
        the_region_comes_back(estate)
        for seat in (pair.second, pair.first):
            assert seat.terminate() == 0
        before = pair.row()
        back_by_hand(estate)
        pair.first.start()
        status = pair.first.status()
        assert (status["active_side"], status["state"], status["armed"]) == ("primary", "watching", True)
        after = pair.row()
        assert int(after["epoch"]["N"]) > int(before["epoch"]["N"]), "epochs go on, so that an old leader stays fenced"
        assert pair.first.ledger()[0]["seq"] == 1
        pair.replays()
    finally:
        pair.close()


def the_region_comes_back(estate: Estate) -> None:
    estate.faults.clear()
    estate.apps["primary"].healthy()
    estate.replicating.set()


def back_by_hand(estate: Estate) -> None:
    person = Person(estate, to="primary")
    lease = person.pastes("lease")
    assert lease == person.pastes("lease"), "nobody renews"
    person.pastes("look", f":cluster:aurora-standby-{estate.suffix}")
    person.pastes("scale")
    person.waits_for("count", f"\t{SERVING}")
    person.pastes("switch", "switching-over")
    person.pastes("wait-for-the-writer", f":cluster:aurora-primary-{estate.suffix}")
    person.waits_for("prove", "200")
    person.pastes("remove-the-latch")
    serves(estate, "primary")
    assert person.pastes("rest").split()[:2] == ["1", "1"]
    assert "\tverifying\texposed\t" in person.pastes("newest-decisions").splitlines()[0]
    assert "0 came out otherwise" in person.pastes("export-the-ledger")
    assert "exposed" in (person.folder / f"ledger-{estate.suffix}.jsonl").read_text()
    person.pastes("new-table", "backup/")


def test_another_image_comes_into_the_service_past_bootstrap(estate):
    """The service as deploy/ecs has it, under this estate's names."""
    client, person = estate.world.client("ecs", estate.account, STANDBY), Person(estate, to="standby")
    client.create_cluster(clusterName=f"cluster-daemon-{estate.suffix}")
    client.register_task_definition(**ecs.written("task-definition.json") | {"family": f"task-daemon-{estate.suffix}"})
    client.create_service(**ecs.written("service.json") | {
        "cluster": f"cluster-daemon-{estate.suffix}", "serviceName": f"service-daemon-{estate.suffix}",
        "taskDefinition": f"task-daemon-{estate.suffix}"})
    person.env["IMAGE"] = "registry.example.com/drd:0.2.0"
    person.pastes("another-image", f"task-daemon-{estate.suffix}:2")
    task = client.describe_task_definition(taskDefinition=f"task-daemon-{estate.suffix}:2")["taskDefinition"]
    was = client.describe_task_definition(taskDefinition=f"task-daemon-{estate.suffix}:1")["taskDefinition"]
    (new,), (old,) = task["containerDefinitions"], was["containerDefinitions"]
    assert new == old | {"image": person.env["IMAGE"]}, "nothing but the image"
    assert task["cpu"] == was["cpu"] and task["volumes"] == was["volumes"]


def test_the_old_side_is_fenced_by_hand(estate):
    person = Person(estate, to="standby")
    assert person.pastes("fence").split()[:2] == ["0", "0"]
    assert estate.group("primary")["MinSize"] == 0 and estate.group("standby")["MinSize"] == 1


def test_a_latch_that_stands_is_not_put_a_second_time(estate):
    person = Person(estate, to="standby")
    person.pastes("throw-the-latch")
    with pytest.raises(AssertionError, match="PreconditionFailed"):
        person.pastes("throw-the-latch")
    assert estate.latched()
