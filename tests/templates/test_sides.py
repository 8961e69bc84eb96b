"""What the templates of network, data and storage come to for the parameters that bootstrap gives.

Deliberately absent: whether AWS takes them (the judges, and the emulator in tests/bootstrap).
"""

import fnmatch

import loading
import pytest
from resolving import Resolved

TEMPLATES = {template.name: template for template in loading.every()}


def cluster(**given: str) -> dict:
    return Resolved(TEMPLATES["data"], **given).properties("Cluster")


def rpo(**given: str) -> str | None:
    return Resolved(TEMPLATES["data"], **given).properties("ClusterParameters")["Parameters"].get("rds.global_db_rpo")


def kinds(resolved: Resolved, kind: str) -> list[str]:
    return [name for name, resource in resolved.resources.items() if resource["Type"] == kind]


def test_the_standby_cluster_brings_neither_users_nor_database_nor_secret():
    standby = Resolved(TEMPLATES["data"], Role="standby")
    assert not {"MasterUsername", "MasterUserPassword", "DatabaseName"} & set(standby.properties("Cluster"))
    assert kinds(standby, "AWS::SecretsManager::Secret") == []


def test_the_primary_takes_its_password_from_the_secret_and_never_from_a_parameter():
    password = cluster(Role="primary")["MasterUserPassword"]
    assert password == {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}"}


@pytest.mark.parametrize("role", ["primary", "standby"])
def test_both_clusters_join_the_global_database_with_all_that_a_promoted_one_needs(role: str):
    member = cluster(Role=role, GlobalClusterId="global-aurora-shop1", PrimaryRegion="eu-central-1", DataApi="yes")
    assert member["GlobalClusterIdentifier"] == "global-aurora-shop1"
    assert member["EnableHttpEndpoint"] and member["EnableIAMDatabaseAuthentication"] and member["StorageEncrypted"]
    assert member.get("SourceRegion") == (None if role == "primary" else "eu-central-1")


def test_the_data_api_is_not_asked_for_where_the_region_has_none():
    assert "EnableHttpEndpoint" not in cluster(Role="standby", DataApi="no")


def test_the_first_instance_of_each_side_is_first_in_line_for_promotion():
    for role in ("primary", "standby"):
        assert Resolved(TEMPLATES["data"], Role=role).properties("Instance1")["PromotionTier"] == 0


@pytest.mark.parametrize("instances", [1, 2, 3])
def test_a_side_has_as_many_instances_as_it_is_asked_for(instances: int):
    resolved = Resolved(TEMPLATES["data"], Role="primary", Instances=str(instances))
    assert len(kinds(resolved, "AWS::RDS::DBInstance")) == instances


def test_the_rpo_bound_is_set_on_the_primary_only_and_only_when_asked_for():
    assert rpo(Role="primary", GlobalRpoSeconds="30") == "30"
    assert rpo(Role="primary", GlobalRpoSeconds="0") is None
    assert rpo(Role="standby", GlobalRpoSeconds="30") is None


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_zone_has_a_way_out_through_a_nat_gateway_that_exists(count: int):
    network = Resolved(TEMPLATES["network"], NatGateways=str(count))
    gateways = kinds(network, "AWS::EC2::NatGateway")
    used = [network.properties(f"AppWayOut{zone}")["NatGatewayId"]["Ref"] for zone in (1, 2, 3)]
    assert len(gateways) == count == len(kinds(network, "AWS::EC2::EIP"))
    assert set(used) == set(gateways)


def test_no_route_leads_out_of_the_databases_subnets():
    network = Resolved(TEMPLATES["network"])
    tables = {network.properties(f"DataSubnet{zone}Routes")["RouteTableId"]["Ref"] for zone in (1, 2, 3)}
    routes = [network.properties(name) for name in kinds(network, "AWS::EC2::Route")]
    assert tables == {"DataRoutes"}
    assert [route for route in routes if route["RouteTableId"]["Ref"] in tables] == []


def test_the_database_lets_in_the_application_and_nobody_else():
    rules = Resolved(TEMPLATES["network"], DatabasePort="5432").properties("DataSecurityGroup")["SecurityGroupIngress"]
    assert [(rule["SourceSecurityGroupId"]["Ref"], rule["FromPort"], rule["ToPort"]) for rule in rules] == [
        ("AppSecurityGroup", "5432", "5432")
    ]


def test_the_cluster_listens_where_its_security_group_lets_in_and_passes_that_on():
    assert cluster(Role="primary", Port="6543")["Port"] == "6543"
    assert TEMPLATES["data"].outputs["Port"]["Value"] == {"Fn::GetAtt": ["Cluster", "Endpoint.Port"]}
    network = Resolved(TEMPLATES["network"], DatabasePort="6543")
    groups = (network.properties(name) for name in ("AppSecurityGroup", "DataSecurityGroup"))
    rules = [rule for group in groups for rule in group["SecurityGroupIngress"] + group["SecurityGroupEgress"]]
    opened = {rule["FromPort"] for rule in rules if rule["FromPort"] == rule["ToPort"]} - {8080, 443}
    assert opened == {"6543"}


def test_the_application_connects_to_the_port_that_it_is_given():
    data = TEMPLATES["app"].resources["LaunchTemplate"]["Properties"]["LaunchTemplateData"]
    written = data["UserData"]["Fn::Base64"]["Fn::Sub"].splitlines()
    ends = [line.rpartition(":")[2] for line in written if line.startswith(("DATABASE_WRITER=", "DATABASE_READER="))]
    assert ends == ["${DatabasePort}"] * 2


def test_buckets_replicate_to_the_peers_buckets_once_those_are_there():
    alone = Resolved(TEMPLATES["storage"], Role="primary", PeerRole="standby", Replicate="no")
    paired = Resolved(TEMPLATES["storage"], Role="primary", PeerRole="standby", Replicate="yes")
    for bucket, what in (("ArtefactBucket", "artefact"), ("ConfigBucket", "config")):
        assert "ReplicationConfiguration" not in alone.properties(bucket)
        (rule,) = paired.properties(bucket)["ReplicationConfiguration"]["Rules"]
        assert rule["Destination"]["Bucket"]["Fn::Sub"].endswith(f":bucket-{what}-${{PeerRole}}-${{Suffix}}")
        assert paired.properties(bucket)["VersioningConfiguration"] == {"Status": "Enabled"}


def test_the_key_of_a_side_opens_to_every_log_group_that_it_encrypts():
    """Else the group is refused: `The specified KMS key does not exist or is not allowed to be used`."""
    key = TEMPLATES["foundation"].resources["Key"]["Properties"]["KeyPolicy"]["Statement"]
    (logs,) = (statement for statement in key if statement["Sid"] == "LogGroupsOfThisEstate")
    opened = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    patterns = [each["Fn::Sub"].partition(":log-group:")[2] for each in opened]
    names = [
        properties["LogGroupName"]["Fn::Sub"]
        for template in TEMPLATES.values()
        for _, properties in template.of_type("AWS::Logs::LogGroup")
        if properties["KmsKeyId"] == {"Ref": "KeyArn"}
    ]
    assert len(names) == 5
    assert [name for name in names if not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)] == []


def test_nobody_is_subscribed_without_an_address():
    assert kinds(Resolved(TEMPLATES["foundation"]), "AWS::SNS::Subscription") == []
    asked = Resolved(TEMPLATES["foundation"], NotificationEmail="ops@example.org")
    assert kinds(asked, "AWS::SNS::Subscription") == ["Subscription"]
