"""What a first account does to bootstrap: public objects that are blocked, a service that has just made its own role.

Deliberately absent: what needs an account (README, the first real account).
"""

import threading

from binary import Drd, stacks
from botocore.exceptions import ClientError
from faults import Faults
from left import inventory
from resources import BLOCKED, STANDBY
from test_estate_ecs import ECS
from test_estate_life import is_whole

LACKS = ("--domain", "--certificate-arn-primary", "--email", "--daemon")


def test_where_public_objects_are_blocked_it_stops_before_anything_expensive_and_goes_on_afterwards(account, drd):
    bucket, s3 = f"bucket-latch-standby-{drd.suffix}", account.region(STANDBY).client("s3")
    ended = threading.Event()

    def block() -> None:
        """As an organisation does: again, whoever opened it."""
        while not ended.wait(0.02):
            try:
                s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=BLOCKED)
            except ClientError:
                continue

    blocker = threading.Thread(target=block, daemon=True)
    blocker.start()
    try:
        answers = [drd("bootstrap", "--yes") for _ in range(2)]
    finally:
        ended.set()
        blocker.join(5)
    for answer in answers:
        assert answer.returncode == 1 and "Block Public Access" in answer.stderr, answer.stderr
    assert [name for name in stacks(account, drd.suffix) if "network" in name or "data" in name] == []
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(BLOCKED, False))
    drd.done("bootstrap", "--yes")
    is_whole(account, drd.suffix)


def test_an_object_that_outsiders_read_is_written_again_by_the_same_command(account, drd):
    drd.done("bootstrap", "--yes")
    bucket, s3 = f"bucket-latch-standby-{drd.suffix}", account.region(STANDBY).client("s3")
    etag = s3.head_object(Bucket=bucket, Key="readable")["ETag"]
    s3.delete_object(Bucket=bucket, Key="readable", IfMatch=etag)
    drd.done("bootstrap", "--yes")
    assert s3.head_object(Bucket=bucket, Key="readable")


def test_the_first_cluster_of_an_account_is_made_at_the_second_attempt(account, drd):
    empty = inventory(account)
    answer = drd("bootstrap", "--yes", *ECS)
    assert answer.returncode == 0, answer.stderr
    assert "removing what is left" in answer.stderr, "the emulator refused nothing"
    drd.done("destroy", "--yes")
    assert inventory(account) - empty == set()


def test_what_an_estate_of_defaults_lacks_is_told_at_the_end_and_by_outputs_and_doctor(account, drd):
    answer = drd("bootstrap", "--yes")
    assert answer.returncode == 0, answer.stderr
    told = answer.stderr[answer.stderr.rindex("What it lacks:"):]
    assert [flag for flag in LACKS if flag not in told] == []
    assert told.split("What it lacks:")[1] in drd("outputs").stderr
    doctor = drd("doctor").stdout
    red = [line.split()[1] for line in doctor.splitlines() if line.lower().startswith(" red")]
    assert {"domain", "dns_delegation", "certificates", "subscriber", "daemon"} <= set(red), doctor
    assert "could NOT fail over" in doctor.splitlines()[0]


def test_a_region_is_named_that_is_enabled_and_refuses_the_credentials(account, tmp_path):
    faults = Faults(account.world.proxy, account.identity)
    faults.refuse_credentials(STANDBY)
    try:
        told = Drd(account, tmp_path, account.suffix, through_proxy=True)("doctor")
        assert f"{STANDBY} is ENABLED" in told.stdout and "AWS_STS_REGIONAL_ENDPOINTS" in told.stdout, told.stdout
    finally:
        faults.clear()
