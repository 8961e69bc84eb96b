"""Interruptions: kill -9 at each third of the work, and what a failed creation leaves behind.

Deliberately absent: Ctrl-C, which is a gentler form of the same (tests/cli).
"""

from binary import Drd, changes, complete, stacks
from faults import Faults
from left import inventory
from resources import PRIMARY, STANDBY
from test_estate_emulator import ended, resource, template
from test_estate_life import STACKS, is_whole

ALL = sum(len(names) for names in STACKS.values())


def test_killed_at_each_third_the_same_command_finishes_the_building_and_the_taking_away(account, drd):
    empty = inventory(account)
    for third in (1, 2):
        drd.killed_when(f"{third}/3 of the stacks are built",
                        lambda third=third: complete(account, drd.suffix) >= ALL * third / 3, "bootstrap", "--yes")
    drd.done("bootstrap", "--yes")
    is_whole(account, drd.suffix)
    for third in (2, 1):
        drd.killed_when(f"{third}/3 of the stacks are left",
                        lambda third=third: len(stacks(account, drd.suffix)) <= ALL * third / 3, "destroy", "--yes")
    drd.done("destroy", "--yes")
    assert inventory(account) - empty == set()


def test_killed_while_building_the_estate_can_be_taken_away_at_once(account, drd):
    empty = inventory(account)
    drd.killed_when("half of the stacks are built", lambda: complete(account, drd.suffix) >= ALL / 2,
                    "bootstrap", "--yes")
    drd.done("destroy", "--yes")
    assert inventory(account) - empty == set()


def test_a_stack_left_in_rollback_is_removed_and_made_again(account, drd):
    place = account.region(PRIMARY)
    name = f"stack-foundation-primary-{drd.suffix}"
    broken = template(A=resource("EC2::NatGateway", SubnetId="subnet-none", AllocationId="eipalloc-none"))
    place.cloudformation.create_stack(StackName=name, TemplateBody=broken,
                                      Tags=[{"Key": "drd:suffix", "Value": drd.suffix}])
    assert ended(place, name) == "ROLLBACK_COMPLETE"
    drd.done("bootstrap", "--yes")
    is_whole(account, drd.suffix)


def test_the_first_cause_of_a_failure_is_told_and_the_same_command_goes_on_when_it_is_gone(account, drd):
    bus, near = f"bus-{drd.suffix}", account.region(STANDBY).client("events")
    near.create_event_bus(Name=bus)
    answer = drd("bootstrap", "--yes")
    assert answer.returncode in (1, 3), answer.stderr
    assert bus in answer.stderr, answer.stderr
    if answer.returncode == 1:
        assert f"EventBus already exists: {bus}" in answer.stderr and "AWS::Events::EventBus" in answer.stderr
    near.delete_event_bus(Name=bus)
    drd.done("bootstrap", "--yes")
    is_whole(account, drd.suffix)


def test_throttles_and_answers_that_are_lost_do_not_make_anything_twice(world, account, tmp_path):
    empty, faults = inventory(account), Faults(world.proxy, account.identity)
    for operation in ("CreateStack", "DeleteStack"):
        faults.throttle("cloudformation", operation, times=3)
        faults.lose_reply("cloudformation", operation, times=2)
    try:
        drd = Drd(account, tmp_path, account.suffix, through_proxy=True)
        drd.done("bootstrap", "--yes")
        is_whole(account, drd.suffix)
        assert len([c for c in changes(account) if c.action == "CreateStack"]) == ALL
        drd.done("destroy", "--yes")
        assert inventory(account) - empty == set()
        assert len(faults.fired()) == 10
    finally:
        faults.clear()


def test_a_cluster_that_somebody_took_out_of_the_global_cluster_goes_away_too(account, drd):
    empty = inventory(account)
    drd.done("bootstrap", "--yes")
    arn = f"arn:aws:rds:{STANDBY}:{account.identity}:cluster:aurora-standby-{drd.suffix}"
    account.region(STANDBY).client("rds").remove_from_global_cluster(
        GlobalClusterIdentifier=f"global-aurora-{drd.suffix}", DbClusterIdentifier=arn)
    drd.done("destroy", "--yes")
    assert inventory(account) - empty == set()
