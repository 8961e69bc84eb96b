"""What an estate in use collects: `destroy` ends with 0 all the same, or refuses before it begins.

Deliberately absent: interruptions (test_estate_interrupted.py). A volume stands for whatever the tag index lists
after its end: those of the emulator's instances are not modelled, so the test makes and deletes one by itself.
"""

from binary import REFUSED, changes, stacks
from left import inventory
from resources import PRIMARY


def record(name: str, kind: str, value: str) -> dict:
    return {"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": value}]}


def change(account, zone: str, action: str, *records: dict) -> None:
    account.region(PRIMARY).client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={
        "Changes": [{"Action": action, "ResourceRecordSet": each} for each in records]})


def test_a_validated_certificate_and_a_volume_in_the_tag_index_do_not_keep_destroy_from_its_end(account, drd):
    empty = inventory(account)
    drd.done("bootstrap", "--yes")
    zone, domain = drd.outputs()["outputs"]["hosted_zone_id"], f"{drd.suffix}.drd.internal"
    acm = record(f"_1a2b.api.{domain}.", "CNAME", "_3c4d.mhbtsbpdnt.acm-validations.aws.")
    mine = record(f"www.{domain}.", "A", "192.0.2.1")
    change(account, zone, "CREATE", acm, mine)
    ec2 = account.region(PRIMARY).client("ec2")
    volume = ec2.create_volume(AvailabilityZone=f"{PRIMARY}a", Size=8, TagSpecifications=[
        {"ResourceType": "volume", "Tags": [{"Key": "drd:suffix", "Value": drd.suffix}]}])["VolumeId"]
    ec2.delete_volume(VolumeId=volume)
    refused_with_the_name_of_a_record_that_is_not_acms(account, drd, f"www.{domain} A")
    change(account, zone, "DELETE", mine)
    told = drd.done("destroy", "--yes")
    assert volume in told and "No stack owns these any more" in told, told
    assert ec2.describe_volumes()["Volumes"] == []
    index = f"{PRIMARY} resourcegroupstaggingapi ResourceTagMappingList arn:aws:ec2:{PRIMARY}:{account.identity}"
    assert inventory(account) - empty == {f"{index}:volume/{volume}"}


def refused_with_the_name_of_a_record_that_is_not_acms(account, drd, name: str) -> None:
    before, so_far = stacks(account, drd.suffix), len(changes(account))
    answer = drd("destroy", "--yes")
    assert answer.returncode == REFUSED and name in answer.stderr and "acm" not in answer.stderr, answer.stderr
    assert stacks(account, drd.suffix) == before and changes(account)[so_far:] == []
