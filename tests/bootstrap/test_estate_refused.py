"""Input that cannot work is refused before anything is created, and the user is told what to do.

Deliberately absent: quotas and engine versions (the emulator has no service quotas; unit tests judge the doctor).
"""

import pytest
from account import Account
from binary import REFUSED, USAGE, Drd, changes, stacks
from faults import Faults
from left import inventory
from resources import PRIMARY, STANDBY
from test_estate_emulator import ended, resource, template


def refuses(drd: Drd, *words: str, code: int = REFUSED, because: str, command: str = "bootstrap") -> str:
    """It ends with the code and the reason, and nothing was changed."""
    so_far = len(changes(drd.account))
    answer = drd(command, *words)
    assert answer.returncode == code, answer.stderr
    assert because in answer.stderr, answer.stderr
    assert [str(c) for c in changes(drd.account)[so_far:]] == []
    assert not drd.state.exists()
    return answer.stderr


@pytest.mark.parametrize("suffix", ["Shop", "1shop", "shop-", "sh_op", "a23456789012345678901"])
def test_a_suffix_that_no_bucket_name_could_hold_is_refused(account, tmp_path, suffix):
    refuses(Drd(account, tmp_path, suffix), "--yes", code=USAGE, because="a-z")


def test_without_a_terminal_and_without_yes_it_does_not_begin(drd):
    refuses(drd, because="--yes")


def test_a_zone_that_does_not_exist_is_refused(drd):
    told = refuses(drd, "--yes", "--hosted-zone-id", "Z0123456789ABCDEFGHIJ", "--domain", "shop.example.com",
                   because="Z0123456789ABCDEFGHIJ")
    assert "zone" in told


def test_a_bucket_name_that_another_account_has_taken_is_refused(world, drd):
    taken = f"bucket-artefact-standby-{drd.suffix}"
    stranger = Account(world).region(STANDBY).client("s3")
    stranger.create_bucket(Bucket=taken, CreateBucketConfiguration={"LocationConstraint": STANDBY})
    refuses(drd, "--yes", because=taken)
    stranger.delete_bucket(Bucket=taken)


def test_a_region_that_the_account_has_not_enabled_is_refused(drd):
    told = refuses(drd, "--yes", "--standby-region", "eu-south-2", because="eu-south-2")
    assert "enable" in told.lower()


def test_a_missing_permission_is_refused_before_anything_is_made(world, account, tmp_path):
    faults = Faults(world.proxy, account.identity)
    faults.deny("rds", "DescribeGlobalClusters")
    try:
        drd = Drd(account, tmp_path, account.suffix, through_proxy=True)
        told = refuses(drd, "--yes", because="DescribeGlobalClusters")
        assert "denied" in told.lower() or "not authorized" in told.lower()
    finally:
        faults.clear()


def test_a_strangers_stack_of_our_name_is_neither_built_upon_nor_taken_away(account, drd):
    place, name = account.region(PRIMARY), f"stack-network-primary-{drd.suffix}"
    place.cloudformation.create_stack(StackName=name, TemplateBody=template(Q=resource("SQS::Queue", QueueName="mine")))
    assert ended(place, name) == "CREATE_COMPLETE"
    before = inventory(account)
    refuses(drd, "--yes", because=name)
    drd("destroy", "--yes")
    assert inventory(account) == before
    assert stacks(account, drd.suffix) == {f"{PRIMARY}/{name}": "CREATE_COMPLETE"}
