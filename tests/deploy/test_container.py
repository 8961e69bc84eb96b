"""drd as its container would run: in a bare read-only root, as nobody, started from deploy/ecs, its log in JSON lines.

Needs root, as a container's runtime does. Deliberately absent: failovers (tests/wire); the binary is the same.
"""

import json
import os
from pathlib import Path

import pytest
from bare import DRD, USER, Task
from estate import Estate
from world import World, eventually


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.stop()


@pytest.fixture
def estate(world, tmp_path):
    if os.geteuid() != 0:
        words = "a container's runtime is root, and these tests play one: run them as root"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    made = Estate(world, tmp_path)
    made.dynamodb = world.client("dynamodb", made.account, "eu-central-2")
    yield made
    made.close()


@pytest.fixture
def table(estate) -> str:
    name = f"table-ledger-{estate.suffix}"
    keys = {"pk": ("S", "HASH"), "sk": ("N", "RANGE")}
    estate.dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": t} for k, (t, _) in keys.items()],
        KeySchema=[{"AttributeName": k, "KeyType": t} for k, (_, t) in keys.items()])
    return name


@pytest.fixture
def task(estate, table, request):
    made = request.node.drd = Task(estate, table)
    try:
        made.start(until_armed=False)
        yield made
    finally:
        made.close()


def of_the_process(task: Task) -> dict[str, str]:
    lines = Path(f"/proc/{task.pid()}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def test_it_is_healthy_before_it_is_armed_arms_itself_and_hands_over_when_asked_to_stop(estate, task, table):
    eventually("the health check passes", lambda: task.health().returncode == 0, 20)
    assert task.health().stdout.startswith("ok: the control loop turned")
    estate.witness("primary", "healthy")
    estate.witness("standby", "healthy")
    eventually("it is armed", lambda: task.status().get("armed"), 60)
    known = of_the_process(task)
    assert known["Uid"].split() == [str(USER)] * 4 and known["Groups"] == ""
    assert int(known["CapEff"], 16) == 0 and known["NoNewPrivs"] == "1" and known["NSpid"].split()[-1] == "1"
    root = next(line.split() for line in Path(f"/proc/{task.pid()}/mountinfo").read_text().splitlines()
                if line.split()[4] == "/")
    assert "ro" in root[5].split(",")
    assert task.ask_to_stop() == 0, task.tail()
    assert sorted(path.name for path in task.state.iterdir()) == ["identity"], "all that it writes"
    row = estate.dynamodb.get_item(TableName=table, Key={"pk": {"S": "lease"}, "sk": {"N": "0"}})["Item"]
    assert task.state.joinpath("identity").read_text() in json.dumps(row)
    every_line_is_json(task)


def every_line_is_json(task: Task) -> None:
    lines = task.log.read_text().splitlines()
    assert len(lines) > 3
    for line in lines:
        told = json.loads(line)
        assert told["level"] and told["timestamp"] and told["message"]


def test_a_crashed_container_that_is_started_again_in_its_task_leads_at_once_under_its_old_name(task):
    eventually("it leads", task.leads, 20)
    before = task.status()["leader"]
    task.close()
    task.start(until_armed=False)
    eventually("it leads again", task.leads, 5)
    after = task.status()["leader"]
    assert after["owner"] == before["owner"] and after["epoch"] > before["epoch"]


def test_without_a_writable_state_folder_it_runs_all_the_same_and_says_what_it_costs(estate, table, request):
    task = request.node.drd = Task(estate, table, state=False)
    try:
        task.start(until_armed=False)
        eventually("it leads", task.leads, 20)
        assert task.health().returncode == 0
        assert "after a restart drd waits its own old lease out" in task.log.read_text()
    finally:
        task.close()


def test_without_certificates_it_ends_at_once_and_says_so(estate, table):
    task = Task(estate, table, with_certificates=False)
    task.start(until_armed=False)
    assert task.process.child.wait(20) != 0
    assert "certificate" in task.log.read_text(), task.tail()


def test_a_hanging_daemon_fails_its_health_check_within_the_checks_own_time(task):
    eventually("the health check passes", lambda: task.health().returncode == 0, 20)
    task.process.child.poll()
    os.kill(task.pid(), 19)  # SIGSTOP
    answer = task.health()
    os.kill(task.pid(), 18)  # SIGCONT
    assert answer.returncode == 7 and "hangs" in answer.stderr
    eventually("it is healthy again", lambda: task.health().returncode == 0, 10)


def test_what_a_task_may_keep_between_two_starts_is_what_its_image_and_definition_say():
    writable = [m["containerPath"] for m in DRD["mountPoints"] if not m["readOnly"]]
    assert writable == ["/var/lib/drd"] and DRD["readonlyRootFilesystem"]
