"""Each rule can fail: a sound little template, one fault planted in it, and the rule that must see it.

Deliberately absent: the real templates (test_templates.py).
"""

import copy
from collections.abc import Callable
from typing import Any

import access
import encryption
import findings
import judges
import limits
import loading
import meaning
import naming
import portable
import pytest
from loading import Template

DELETE = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
TAGS = [{"Key": "drd:suffix", "Value": {"Ref": "Suffix"}}, {"Key": "drd:role", "Value": {"Ref": "Role"}}]
EVERYBODY_WITHOUT_TLS = {
    **{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"},
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
CLOSED = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
ENCRYPTED = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
LATCH = {
    **{"Type": "HTTPS", "Inverted": True, "RequestInterval": 10, "ResourcePath": "/active-side"},
    "FullyQualifiedDomainName": {"Fn::Sub": "bucket-latch-standby-${Suffix}.s3.${StandbyRegion}.amazonaws.com"},
}


def made(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, **DELETE, "Properties": properties}


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


def role(**statement: Any) -> dict[str, Any]:
    sound = {"Sid": "One", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
    policy = {"PolicyName": "policy", "PolicyDocument": {"Statement": [{**sound, **statement}]}}
    return made("AWS::IAM::Role", RoleName=sub("role-x-${Role}-${Suffix}"), Policies=[policy], Tags=TAGS)


def record(place: str, **more: Any) -> dict[str, Any]:
    return made("AWS::Route53::RecordSet", Failover=place, Type="CNAME", TTL="30", ResourceRecords=["alb"], **more)


def alarm(**more: Any) -> dict[str, Any]:
    name = sub("alarm-x-${Role}-${Suffix}")
    sound = {"AlarmName": name, "AlarmActions": ["topic"], "TreatMissingData": "breaching", "Tags": TAGS}
    return made("AWS::CloudWatch::Alarm", **{**sound, **more})


def sound() -> dict[str, Any]:
    """A template in which no rule finds anything."""
    parameter = {"Type": "String", "Description": "Something."}
    return {
        "Description": "drd: a sound little template",
        "Parameters": {
            "Suffix": {"Type": "String", "AllowedPattern": "^[a-z][a-z0-9-]{0,19}$", "Description": "The suffix."},
            "Role": {"Type": "String", "AllowedValues": ["primary", "standby"], "Description": "The side."},
            "GlobalClusterId": {**parameter, "MinLength": 1},
        },
        "Resources": {
            "Bucket": made(
                "AWS::S3::Bucket",
                BucketName=sub("bucket-x-${Role}-${Suffix}"),
                BucketEncryption={"ServerSideEncryptionConfiguration": [ENCRYPTED]},
                PublicAccessBlockConfiguration=dict.fromkeys(CLOSED, True),
                Tags=TAGS,
            ),
            "BucketPolicy": made(
                "AWS::S3::BucketPolicy",
                Bucket={"Ref": "Bucket"},
                PolicyDocument={"Statement": [EVERYBODY_WITHOUT_TLS]},
            ),
            "Role": role(),
            "Latch": made("AWS::Route53::HealthCheck", HealthCheckConfig=LATCH, HealthCheckTags=TAGS),
            "Primary": record("PRIMARY", HealthCheckId={"Ref": "Latch"}),
            "Secondary": record("SECONDARY"),
            "Alarm": alarm(),
        },
        "Outputs": {"Bucket": {"Description": "The bucket.", "Value": {"Ref": "Bucket"}}},
    }


def template(body: dict[str, Any]) -> Template:
    return Template("planted", "", body)


def plant(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    """A fault: this value at this path; `...` takes the path away."""

    def planted(body: dict[str, Any]) -> None:
        *way, last = path
        for step in way:
            body = body[step]
        if value is ...:
            del body[last]
        else:
            body[last] = value

    return planted


def properties(logical_id: str, *path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    return plant("Resources", logical_id, "Properties", *path, value=value)


def resource(value: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    return plant("Resources", "Planted", value=value)


def encrypted_like(kind: str, **given: Any) -> Callable[[dict[str, Any]], None]:
    return resource(made(kind, **given))


def second_listener(body: dict[str, Any]) -> None:
    """Never there together, and yet one too many while the condition changes."""
    listener = made("AWS::ElasticLoadBalancingV2::Listener", LoadBalancerArn={"Ref": "Alb"}, Port=80, Protocol="HTTP")
    body["Conditions"] = {"Tls": {"Fn::Equals": [{"Ref": "Role"}, "primary"]}}
    body["Resources"] |= {"One": listener, "Two": {**listener, "Condition": "Tls"}}


NAMED = naming.every_name_ends_in_the_suffix
TAGGED = naming.every_taggable_resource_is_tagged
NARROW = access.everything_as_resource_only_where_there_is_nothing_narrower
HELD = encryption.everything_that_holds_data_is_encrypted
LATCHED = meaning.the_primary_record_follows_the_latch_alone
JOINED = meaning.no_cluster_can_lose_its_global_database
FILLED = limits.no_default_of_cloudformation_replaces_the_engines
BEGUN = limits.no_name_begins_as_aws_reserves
FORM = portable.suffix_and_role_are_parameters_of_the_agreed_form
WITHOUT_TLS_ONLY = {"Statement": [{**EVERYBODY_WITHOUT_TLS, "Condition": {}}]}
PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": sub("${Bucket}/*")}
NARROW_GRID = '{"widgets":[{"type":"metric","x":20,"y":0,"width":12,"height":6,"properties":{}}]}'

FAULTS = [
    (portable.everything_is_deletable, plant("Resources", "Bucket", "DeletionPolicy", value="Retain")),
    (portable.everything_is_deletable, plant("Resources", "Bucket", "UpdateReplacePolicy", value=...)),
    (portable.everything_is_deletable, resource(made("AWS::RDS::DBCluster", DeletionProtection=True))),
    (portable.everything_is_deletable, resource(made("AWS::DynamoDB::Table", DeletionProtectionEnabled=True))),
    (
        portable.everything_is_deletable,
        properties("Alarm", "Attributes", value=[{"Key": "deletion_protection.enabled", "Value": "true"}]),
    ),
    (portable.nothing_forbidden_is_used, plant("Transform", value="AWS::LanguageExtensions")),
    (portable.nothing_forbidden_is_used, properties("Alarm", "X", value={"Fn::Cidr": ["10.0.0.0/16", 6, 8]})),
    (portable.nothing_forbidden_is_used, properties("Alarm", "X", value={"Fn::ImportValue": "other"})),
    (portable.nothing_forbidden_is_used, properties("Alarm", "X", value={"Fn::GetAtt": ["Vpc", "CidrBlock"]})),
    (portable.nothing_forbidden_is_used, plant("Resources", "Fn::ForEach::Each", value=made("Custom::Thing"))),
    (portable.nothing_forbidden_is_used, resource(made("AWS::EC2::SecurityGroupIngress"))),
    (
        portable.nothing_depends_on_the_regions_name,
        plant("Conditions", value={"Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-central-1"]}}),
    ),
    (
        portable.nothing_depends_on_the_regions_name,
        properties("Alarm", "X", value={"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "size"]}),
    ),
    (portable.conditions_compare_text, plant("Conditions", value={"None": {"Fn::Equals": [{"Ref": "Count"}, 0]}})),
    (portable.parameters_and_outputs_are_described, plant("Parameters", "Role", "Description", value=...)),
    (portable.parameters_and_outputs_are_described, plant("Outputs", "Bucket", "Description", value=" ")),
    (portable.parameters_and_outputs_are_described, plant("Outputs", "Bucket", "Export", value={"Name": "x"})),
    (portable.parameters_and_outputs_are_described, plant("Description", value=...)),
    (FORM, plant("Parameters", "Suffix", "AllowedPattern", value="^[a-z][a-z0-9-]*$")),
    (FORM, plant("Parameters", "Suffix", "MaxLength", value=10)),
    (FORM, plant("Parameters", "Suffix", value=...)),
    (FORM, plant("Parameters", "Role", "AllowedValues", value=["primary"])),
    (NAMED, properties("Bucket", "BucketName", value=...)),
    (NAMED, properties("Bucket", "BucketName", value="bucket-x")),
    (NAMED, properties("Bucket", "BucketName", value=sub("bucket-${Suffix}-x"))),
    (NAMED, resource(made("AWS::Unheard::Of"))),
    (naming.account_wide_names_carry_the_role, properties("Role", "RoleName", value=sub("role-x-${Suffix}"))),
    (TAGGED, properties("Bucket", "Tags", value=...)),
    (TAGGED, properties("Bucket", "Tags", value=TAGS[1:])),
    (TAGGED, properties("Bucket", "Tags", value=TAGS[:1])),
    (TAGGED, properties("Bucket", "Tags", value={"Fn::If": ["Some", TAGS, []]})),
    (TAGGED, properties("Bucket", "Tags", value=[*TAGS, {"Key": "Name", "Value": "bucket"}])),
    (TAGGED, resource(made("AWS::EC2::LaunchTemplate", TagSpecifications=[{"ResourceType": "x", "Tags": []}]))),
    (access.no_action_is_a_wildcard, resource(role(Action="*"))),
    (access.no_action_is_a_wildcard, resource(role(Action=["s3:GetObject", "kms:*"]))),
    (access.no_action_is_a_wildcard, resource(role(Action="s3:Get*"))),
    (access.no_action_is_a_wildcard, resource(role(NotAction="iam:CreateUser"))),
    (NARROW, resource(role(Resource="*"))),
    (NARROW, resource(role(Resource=["arn:aws:s3:::bucket", "*"]))),
    (NARROW, resource(role(Action="cloudwatch:PutMetricData", Resource="*"))),
    (access.nobody_is_everybody, resource(role(Principal="*"))),
    (access.nobody_is_everybody, resource(role(Principal={"AWS": ["*"]}))),
    (access.buckets_speak_tls_only, plant("Resources", "BucketPolicy", value=...)),
    (access.buckets_speak_tls_only, properties("BucketPolicy", "PolicyDocument", value=WITHOUT_TLS_ONLY)),
    (encryption.buckets_are_closed, properties("Bucket", "PublicAccessBlockConfiguration", value=...)),
    (encryption.parameter_groups_force_tls, resource(made("AWS::RDS::DBClusterParameterGroup", Parameters={}))),
    (HELD, properties("Bucket", "BucketEncryption", value=...)),
    (HELD, properties("Bucket", "ReplicationConfiguration", value={"Rules": [{"Destination": {"Bucket": "b"}}]})),
    (HELD, encrypted_like("AWS::DynamoDB::Table", SSESpecification={"SSEEnabled": True})),
    (HELD, encrypted_like("AWS::EC2::LaunchTemplate", BlockDeviceMappings=[{"Ebs": {"Encrypted": True}}])),
    (HELD, encrypted_like("AWS::EC2::LaunchTemplate")),
    (HELD, encrypted_like("AWS::ElasticLoadBalancingV2::Listener", Protocol="HTTPS", SslPolicy="old")),
    (HELD, encrypted_like("AWS::KMS::Key")),
    (HELD, encrypted_like("AWS::Lambda::Function", Environment={})),
    (HELD, encrypted_like("AWS::Logs::LogGroup", KmsKeyId="key")),
    (HELD, encrypted_like("AWS::Logs::LogGroup", RetentionInDays=30)),
    (HELD, encrypted_like("AWS::RDS::DBCluster", StorageEncrypted=True)),
    (HELD, encrypted_like("AWS::RDS::DBCluster", KmsKeyId="key")),
    (HELD, encrypted_like("AWS::RDS::DBInstance", EnablePerformanceInsights=True)),
    (HELD, encrypted_like("AWS::RDS::GlobalCluster")),
    (HELD, encrypted_like("AWS::SNS::Topic", KmsMasterKeyId="alias/aws/sns")),
    (HELD, encrypted_like("AWS::SQS::Queue")),
    (HELD, encrypted_like("AWS::SecretsManager::Secret", KmsKeyId="k", ReplicaRegions=[{"Region": "r"}])),
    (HELD, encrypted_like("AWS::EFS::FileSystem")),
    (LATCHED, properties("Primary", "HealthCheckId", value={"Ref": "Endpoint"})),
    (LATCHED, properties("Primary", "HealthCheckId", value={"Fn::If": ["Calm", {"Ref": "Latch"}, {"Ref": "X"}]})),
    (LATCHED, properties("Primary", "HealthCheckId", value=...)),
    (LATCHED, properties("Latch", "HealthCheckConfig", "Type", value="CALCULATED")),
    (LATCHED, properties("Latch", "HealthCheckConfig", "Inverted", value=False)),
    (LATCHED, properties("Latch", "HealthCheckConfig", "FullyQualifiedDomainName", value="primary.example.org")),
    (LATCHED, properties("Primary", "AliasTarget", value={"EvaluateTargetHealth": True})),
    (LATCHED, properties("Secondary", "AliasTarget", value={"EvaluateTargetHealth": False})),
    (LATCHED, properties("Secondary", "TTL", value="60")),
    (LATCHED, properties("Primary", "TTL", value=...)),
    (LATCHED, properties("Secondary", "HealthCheckId", value={"Ref": "Latch"})),
    (LATCHED, plant("Resources", "Secondary", value=...)),
    (LATCHED, resource(made("AWS::Route53::RecordSet", HealthCheckId={"Ref": "Latch"}))),
    (meaning.only_the_latch_is_public, properties("BucketPolicy", "PolicyDocument", "Statement", value=[PUBLIC])),
    (meaning.dashboards_are_json, resource(made("AWS::CloudWatch::Dashboard", DashboardBody='{"widgets":[},]'))),
    (meaning.dashboards_are_json, resource(made("AWS::CloudWatch::Dashboard", DashboardBody='{"widgets":[{}]}'))),
    (meaning.dashboards_are_json, resource(made("AWS::CloudWatch::Dashboard", DashboardBody=sub(NARROW_GRID)))),
    (meaning.every_alarm_tells_somebody, resource(alarm(AlarmActions=[]))),
    (meaning.every_alarm_tells_somebody, properties("Alarm", "TreatMissingData", value=...)),
    (
        JOINED,
        resource(made("AWS::RDS::DBCluster", GlobalClusterIdentifier={"Fn::If": ["X", {"Ref": "GlobalClusterId"}, ""]})),
    ),
    (JOINED, resource(made("AWS::RDS::DBCluster", GlobalClusterIdentifier={"Ref": "Role"}))),
    (JOINED, resource(made("AWS::RDS::GlobalCluster", SourceDBClusterIdentifier="cluster"))),
    (
        JOINED,
        resource(
            made("AWS::RDS::DBCluster", GlobalClusterIdentifier={"Ref": "GlobalClusterId"}, AvailabilityZones=["a"])
        ),
    ),
    (BEGUN, resource(made("AWS::EC2::SecurityGroup", GroupName=sub("sg-daemon-${Suffix}")))),
    (BEGUN, resource(made("AWS::KMS::Alias", AliasName="alias/aws/drd"))),
    (
        limits.eventbridge_publishes_without_a_condition,
        resource(role(Action="sns:Publish", Principal={"Service": "events.amazonaws.com"}, Condition={"ArnLike": {}})),
    ),
    (
        limits.container_insights_finds_its_log_group,
        resource(
            made(
                "AWS::ECS::Cluster",
                ClusterName=sub("cluster-x-${Suffix}"),
                ClusterSettings=[{"Name": "containerInsights", "Value": "enhanced"}],
            )
        ),
    ),
    (limits.a_port_has_one_listener, second_listener),
    (limits.no_concurrency_is_reserved, resource(made("AWS::Lambda::Function", ReservedConcurrentExecutions=1))),
    (FILLED, resource(made("AWS::RDS::DBCluster", Engine="aurora-postgresql"))),
]


def test_the_sound_template_has_no_finding():
    assert findings.findings(template(sound())) == []


@pytest.mark.parametrize(("rule", "fault"), FAULTS, ids=[f"{rule.__name__}-{n}" for n, (rule, _) in enumerate(FAULTS)])
def test_a_planted_fault_is_found_by_its_rule(rule: Callable, fault: Callable):
    body = copy.deepcopy(sound())
    assert list(rule(template(body))) == []
    fault(body)
    assert list(rule(template(body))) != []


@pytest.mark.parametrize("text", ["x" * portable.BYTES_MAX, "ZipFile: '@@lambda/lag.py@@'"])
def test_a_template_that_is_too_large_or_lacks_a_file_is_found(text: str):
    assert list(portable.templates_fit_the_limits(Template("planted", text, sound()))) != []


def test_every_rule_has_a_planted_fault():
    planted = {rule for rule, _ in FAULTS} | {portable.templates_fit_the_limits}
    assert set(findings.RULES) - planted == set()


GLOBAL = next(each for each in loading.every() if each.name == "global")


@pytest.mark.parametrize("judge", [judges.cfn_lint, judges.cloudformation_validate])
@pytest.mark.parametrize(
    ("what", "instead"),
    [
        ("StorageEncrypted: true", "StorageEncrpted: true"),
        ("Value: !Ref Global", "Value: !GetAtt Global.Nothing"),
        ("Engine: aurora-postgresql", "Engine: aurora-postgres"),
    ],
)
def test_a_judge_that_is_not_ours_finds_a_fault_too(judge: Callable, what: str, instead: str):
    assert what in GLOBAL.text
    assert judge(Template.parse("global", GLOBAL.text.replace(what, instead))) != []


def test_cfn_lint_finds_an_instance_class_that_only_one_of_the_regions_has():
    data = next(each for each in loading.every() if each.name == "data")
    text = data.text.replace("Default: db.r6g.large", "Default: db.r7i.large").replace("r7g|r8g", "r7g|r7i|r8g")
    assert any("eu-central-2" in finding for finding in judges.cfn_lint(Template.parse("data", text)))


def test_checkov_finds_an_unencrypted_topic_even_one_that_is_not_made_by_default(tmp_path):
    text = """
Conditions:
  Never: !Equals [a, b]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Condition: Never
    Properties:
      TopicName: plain
"""
    folder = judges.unconditional([Template.parse("plain", text)], tmp_path)
    assert ("CKV_AWS_26", "plain.Topic") in judges.checkov(folder).failed
