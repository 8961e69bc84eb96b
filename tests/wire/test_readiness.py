"""What keeps drd from being armed because no failover could end: a record that resolvers deny, a latch that Route 53's
checkers may not read, a deployment that takes the writer away. Each with its control: armed before, armed again afterwards.

Deliberately absent: the checks that need no wire (src/estate/readiness has their tests).
"""

import json

from resources import BLOCKED
from world import eventually, throughout

NOTICED_WITHIN = 15.0  # readiness runs every 5 s


def disarmed_by(daemon, check: str) -> bool:
    status = daemon.status()
    return status.get("armed") is False and check in json.dumps(status)


def test_a_record_that_a_resolver_denies_disarms_until_it_is_known_again(estate, daemon):
    estate.dns.denies = True
    eventually("drd is not armed", lambda: disarmed_by(daemon, "dns_record"), NOTICED_WITHIN)
    estate.dns.denies = False
    eventually("drd is armed again", lambda: daemon.status()["armed"], NOTICED_WITHIN)
    assert estate.mutating() == []


def test_a_latch_that_outsiders_may_not_read_disarms_until_they_may(estate, daemon):
    estate.s3.put_public_access_block(Bucket=estate.bucket, PublicAccessBlockConfiguration=BLOCKED)
    eventually("drd is not armed", lambda: disarmed_by(daemon, "latch_public"), NOTICED_WITHIN)
    estate.s3.delete_public_access_block(Bucket=estate.bucket)
    eventually("drd is armed again", lambda: daemon.status()["armed"], NOTICED_WITHIN)


def test_doctor_names_a_blocked_latch_in_red_with_what_to_do(estate, daemon):
    estate.s3.put_public_access_block(Bucket=estate.bucket, PublicAccessBlockConfiguration=BLOCKED)
    told = daemon.run("doctor", "--config", str(daemon.config), "-o", "json")
    found = {each["check"]: each for each in json.loads(told.stdout)["findings"]}
    assert found["latch_public"]["verdict"] == "red", told.stdout
    assert "Block Public Access" in found["latch_public"]["remedy"]
    assert found["dns_record"]["verdict"] == "green", told.stdout


def test_a_deployment_that_switches_over_disarms_until_it_ends(estate, daemon):
    """One that is only there changes nothing: it may wait for days."""
    rds = estate.rds["primary"]
    found = rds.describe_db_clusters(DBClusterIdentifier=estate.name("aurora", "primary"))["DBClusters"][0]
    made = rds.create_blue_green_deployment(BlueGreenDeploymentName="next", Source=found["DBClusterArn"])
    name = made["BlueGreenDeployment"]["BlueGreenDeploymentIdentifier"]
    throughout("drd is armed", lambda: daemon.status()["armed"], NOTICED_WITHIN)
    rds.switchover_blue_green_deployment(BlueGreenDeploymentIdentifier=name)
    eventually("drd is not armed", lambda: disarmed_by(daemon, "blue/green deployment next"), NOTICED_WITHIN)
    rds.delete_blue_green_deployment(BlueGreenDeploymentIdentifier=name)
    eventually("drd is armed again", lambda: daemon.status()["armed"], NOTICED_WITHIN)
