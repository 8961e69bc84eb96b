"""An estate from nothing to nothing: built, told, built again without a change, found again, taken away.

Deliberately absent: interruptions (test_estate_interrupted.py), bad input (test_estate_refused.py) and a failover in
between (test_estate_failover.py).
"""

import base64
import json
import re

from account import REGIONS
from binary import Drd, changes, stacks
from left import inventory
from resources import GLOBAL, PRIMARY, REGION as SIDES, STANDBY

STACKS = {
    PRIMARY: {"foundation-primary", "network-primary", "global", "data-primary", "storage-primary", "app-primary",
              "monitor-primary"},
    STANDBY: {"foundation-standby", "network-standby", "data-standby", "storage-standby", "events", "latch",
              "app-standby", "monitor-standby", "dashboard", "daemon"},
    GLOBAL: {"anchor", "edge"},
    "eu-west-1": {"witness"},
}
# DESIGN section 8: what the outputs must name, however the keys are spelt.
TOLD = ("/health/trading", "/health/write", "queue-events-", "topic-alerts-primary-", "topic-alerts-standby-",
        "topic-alerts-global-", "topic-pages-", "dashboard", "bucket-config-primary-", "bucket-config-standby-", "bucket-latch-standby-", "global-aurora-",
        "aurora-primary-", "aurora-standby-", "asg-primary-", "asg-standby-", "table-ledger-", "bus-",
        "role-daemon", "api.")
BUILDING = {"CreateStack", "UpdateStack", "DeleteStack", "ExecuteChangeSet", "PutObject", "DeleteObject",
            "CreateBucket", "DeleteObjects", "PutParameter"}


def expected(suffix: str) -> dict[str, str]:
    return {f"{region}/stack-{name}-{suffix}": "CREATE_COMPLETE" for region, names in STACKS.items() for name in names}


def is_whole(account, suffix: str) -> None:
    found = stacks(account, suffix)
    ended = {name: status.replace("UPDATE_", "CREATE_") for name, status in found.items()}
    assert ended == expected(suffix)


def test_an_estate_is_built_told_found_again_and_taken_away_without_a_trace(account, drd):
    empty = inventory(account)
    answer = drd("bootstrap", "--yes")
    assert answer.returncode == 0, answer.stderr
    is_whole(account, drd.suffix)
    the_application_connects_where_its_database_listens(account, drd)
    a_lost_host_of_the_primary_has_a_reader_to_take_over(account, drd)
    assert drd.state.is_file() and json.loads(drd.state.read_text())
    everything_is_told(drd)
    nothing_changes_the_second_time(account, drd)
    what_the_state_file_held_is_found_in_aws(account, drd)
    drd.done("destroy", "--yes")
    assert inventory(account) - empty == set()
    assert stacks(account, drd.suffix) == {}
    drd.done("destroy", "--yes")


def the_application_connects_where_its_database_listens(account, drd: Drd) -> None:
    """By what AWS would have: the cluster's port, what its security group opens, what an instance is given."""
    for side, name in SIDES.items():
        region, ends = account.region(name), f"{side}-{drd.suffix}"
        (cluster,) = region.client("rds").describe_db_clusters(DBClusterIdentifier=f"aurora-{ends}")["DBClusters"]
        (group,) = region.client("ec2").describe_security_groups(
            Filters=[{"Name": "group-name", "Values": [f"group-data-{ends}"]}])["SecurityGroups"]
        opened = {(rule["FromPort"], rule["ToPort"]) for rule in group["IpPermissions"]}
        (version,) = region.client("ec2").describe_launch_template_versions(
            LaunchTemplateName=f"lt-{ends}")["LaunchTemplateVersions"]
        script = base64.b64decode(version["LaunchTemplateData"]["UserData"]).decode()
        asked = {int(port) for port in re.findall(r"^DATABASE_(?:WRITER|READER)=\S+:(\d+)$", script, re.M)}
        assert opened == {(cluster["Port"], cluster["Port"])} and asked == {cluster["Port"]}


def a_lost_host_of_the_primary_has_a_reader_to_take_over(account, drd: Drd) -> None:
    for side, instances in (("primary", 2), ("standby", 1)):
        (cluster,) = account.region(SIDES[side]).client("rds").describe_db_clusters(
            DBClusterIdentifier=f"aurora-{side}-{drd.suffix}")["DBClusters"]
        assert len(cluster["DBClusterMembers"]) == instances


def everything_is_told(drd: Drd) -> None:
    told = drd.outputs()
    text = json.dumps(told)
    assert told["schema"].startswith("drd.outputs/1.")
    assert [word for word in TOLD if word not in text] == []
    assert drd.suffix in drd.done("outputs")


def nothing_changes_the_second_time(account, drd: Drd) -> None:
    before, things = stamps(account), inventory(account)
    so_far = len(changes(account))
    drd.done("bootstrap", "--yes")
    assert {c.action for c in changes(account)[so_far:]} & BUILDING == set()
    assert stamps(account) == before and inventory(account) == things


def what_the_state_file_held_is_found_in_aws(account, drd: Drd) -> None:
    told, before = drd.outputs(), stamps(account)
    drd.state.unlink()
    assert drd.outputs() == told
    drd.state.unlink(missing_ok=True)
    drd.done("bootstrap", "--yes")
    assert stamps(account) == before and drd.state.is_file()


def stamps(account) -> dict:
    """When each stack was touched last."""
    found = {}
    for name in REGIONS:
        for stack in account.region(name).cloudformation.describe_stacks()["Stacks"]:
            found[stack["StackId"]] = (stack["StackStatus"], stack.get("LastUpdatedTime"), stack["CreationTime"])
    return found


def test_two_estates_side_by_side_do_not_touch_each_other(account, tmp_path):
    empty = inventory(account)
    first, second = (Drd(account, folder(tmp_path, name), f"{name}{account.suffix}") for name in ("a", "b"))
    first.done("bootstrap", "--yes")
    alone = inventory(account)
    second.done("bootstrap", "--yes", "--vpc-cidr-primary", "10.30.0.0/16", "--vpc-cidr-standby", "10.40.0.0/16")
    stamped = {k: v for k, v in stamps(account).items() if first.suffix in k}
    first.done("bootstrap", "--yes")
    second.done("destroy", "--yes")
    assert inventory(account) == alone
    assert {k: v for k, v in stamps(account).items() if first.suffix in k} == stamped
    is_whole(account, first.suffix)
    first.done("destroy", "--yes")
    assert inventory(account) == empty


def folder(parent, name: str):
    made = parent / name
    made.mkdir()
    return made


def test_a_plan_tells_the_stacks_and_their_resources_and_changes_nothing(account, drd):
    plan = drd.done("bootstrap", "--plan")
    assert changes(account) == []
    assert [name for names in STACKS.values() for name in names if name not in plan] == []
