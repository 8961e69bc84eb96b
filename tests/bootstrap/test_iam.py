"""The daemon's role against the daemon's code: every operation it calls is allowed, and nothing else is.

drd names each call as a constant like "rds:FailoverGlobalCluster" (it labels metrics and errors), so the code itself
is the list. Deliberately absent: a run against IAM, which no emulator enforces.
"""

import copy
import re

import functions
import pytest
from functions import ROOT, resolved

OPERATION = re.compile(r'"([a-z0-9]+:[A-Z][A-Za-z0-9]+)"')
# What IAM calls differently from the SDK: a transaction has no action of its own, its parts have. Its put is PutItem,
# which drd calls besides (service authorization reference, DynamoDB).
RENAMED = {"dynamodb:TransactWriteItems": "dynamodb:ConditionCheckItem"}
# What AWS asks of the caller although no call has that name, and why.
IMPLIED = {
    "s3:ListBucket": "without it S3 answers 403 for a latch that is not there (GetObject, S3 API reference)",
    "kms:Decrypt": "messages, configuration and tables are under the standby's key",
}
# Actions without a resource level (service authorization reference): they stand on `*`.
NO_RESOURCE_LEVEL = {
    "autoscaling:DescribeAutoScalingGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "cloudwatch:GetMetricData",
    # It has one, and shows composite alarms on `*` only (CloudWatch API reference, DescribeAlarms).
    "cloudwatch:DescribeAlarms",
    "servicequotas:GetServiceQuota",
}
PARAMETERS = {
    "Suffix": "shop1", "AWS::Partition": "aws", "AWS::AccountId": "123456789012", "AWS::Region": "eu-central-2",
    "PrimaryRegion": "eu-central-1", "HostedZoneId": "Z1", "GlobalClusterId": "global-aurora-shop1",
    "LatchHealthCheckId": "11111111-2222-3333-4444-555555555555", "ConfigBucket": "bucket-config-standby-shop1",
    "ConfigKey": "drd.toml", "KeyArn": "arn:aws:kms:eu-central-2:123456789012:key/k",
}


def without_tests(text):
    """Rust's unit tests stand at the end of a file and call nothing of AWS's."""
    return text.split("#[cfg(test)]")[0]


def called(sources=None):
    """Every operation that the daemon's AWS code names."""
    files = sources or {p.name: p.read_text() for p in (ROOT / "src" / "aws").rglob("*.rs") if p.name != "tests.rs"}
    found = {name for text in files.values() for name in OPERATION.findall(without_tests(text))}
    return {RENAMED.get(name, name) for name in found}


def role():
    return functions.template("daemon")["Resources"]["DaemonRole"]


def differences(role, operations):
    """What the role lacks, and what it has for nothing."""
    allowed, needed = functions.actions_of(role), operations | set(IMPLIED)
    return sorted(needed - allowed), sorted(allowed - needed)


def statements(role):
    return [s for p in role["Properties"]["Policies"] for s in p["PolicyDocument"]["Statement"]]


def listed(value):
    return value if isinstance(value, list) else [value]


def test_the_role_allows_every_call_of_the_code_and_no_other():
    operations = called()
    assert len(operations) >= 15, f"the code's constants were not found: {sorted(operations)}"
    assert "rds:FailoverGlobalCluster" in operations and "s3:PutObject" in operations
    assert differences(role(), operations) == ([], [])


@pytest.mark.parametrize("action", sorted(functions.actions_of(role()) - set(IMPLIED)))
def test_an_action_that_is_taken_from_the_role_is_missed(action):
    poorer = copy.deepcopy(role())
    for statement in statements(poorer):
        statement["Action"] = [a for a in listed(statement["Action"]) if a != action]
    assert differences(poorer, called()) == ([action], [])


def test_an_action_that_is_added_to_the_role_is_noticed():
    richer = copy.deepcopy(role())
    statements(richer)[0]["Action"] = ["rds:DescribeGlobalClusters", "rds:RemoveFromGlobalCluster"]
    assert differences(richer, called()) == ([], ["rds:RemoveFromGlobalCluster"])


def test_a_call_that_is_added_to_the_code_is_missed_in_the_role():
    code = 'const OPERATION: &str = "rds:StopDBCluster";\n#[cfg(test)]\nmod tests { const X: &str = "rds:Invented"; }'
    assert called({"database.rs": code}) == {"rds:StopDBCluster"}
    assert differences(role(), called() | {"rds:StopDBCluster"}) == (["rds:StopDBCluster"], [])


def test_every_client_that_the_code_builds_is_named_by_its_calls():
    """A call without a constant would slip through: each SDK in use must have at least one."""
    text = "".join(p.read_text() for p in (ROOT / "src" / "aws").rglob("*.rs"))
    prefixes = {"eventbridge": "events", "elasticloadbalancingv2": "elasticloadbalancing"}
    used = {prefixes.get(name, name) for name in re.findall(r"aws_sdk_([a-z0-9]+)::Client", text)}
    assert used == {name.split(":")[0] for name in called()}


def test_every_call_that_is_sent_has_a_constant():
    """`.send()` is only ever inside read, act or call, whose argument is the constant."""
    for path in (ROOT / "src" / "aws").rglob("*.rs"):
        text = without_tests(path.read_text())
        sent = len(re.findall(r"\.send\(\)", text))
        wrapped = len(re.findall(r"\.(?:read|act|call)\(", text))
        assert sent <= wrapped, f"{path.name}: {sent} calls sent, {wrapped} of them by their name"


def test_only_what_has_no_resource_level_stands_on_a_star():
    for statement in statements(role()):
        resources = resolved(listed(statement["Resource"]), PARAMETERS)
        if "*" in resources:
            assert set(listed(statement["Action"])) <= NO_RESOURCE_LEVEL
            regions = resolved(statement["Condition"]["StringEquals"]["aws:RequestedRegion"], PARAMETERS)
            # Route 53's metrics and their alarms are in us-east-1.
            alarms = ["us-east-1"] if listed(statement["Action"]) == ["cloudwatch:DescribeAlarms"] else []
            assert regions == [*alarms, "eu-central-1", "eu-central-2"]


def test_every_resource_is_this_estates():
    for statement in statements(role()):
        if "kms:ResourceAliases" in statement.get("Condition", {}).get("ForAnyValue:StringEquals", {}):
            aliases = statement["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"]
            assert all(alias.endswith("-shop1") for alias in resolved(aliases, PARAMETERS))
            continue
        for arn in resolved(listed(statement["Resource"]), PARAMETERS):
            given = [PARAMETERS[k] for k in ("HostedZoneId", "LatchHealthCheckId", "KeyArn")]
            # AWS numbers deployments: what they are of is read, not named.
            assert arn == "*" or arn.endswith(":deployment:*") or "shop1" in arn or any(arn.endswith(g) for g in given), arn


def test_no_action_has_a_wildcard():
    for name in ("daemon", "monitor", "witness"):
        for resource in functions.template(name)["Resources"].values():
            if resource["Type"] == "AWS::IAM::Role":
                assert not [a for a in functions.actions_of(resource) if "*" in a]


def test_the_role_may_move_the_writer_both_ways_and_never_cut_a_member_off():
    moving = next(s for s in statements(role()) if s["Sid"] == "MoveTheWriter")
    assert resolved(moving["Resource"], PARAMETERS) == [
        "arn:aws:rds::123456789012:global-cluster:global-aurora-shop1",
        "arn:aws:rds:eu-central-1:123456789012:cluster:aurora-primary-shop1",
        "arn:aws:rds:eu-central-2:123456789012:cluster:aurora-standby-shop1",
    ]
    forbidden = ("Delete", "Remove", "Restore", "Create", "Modify")
    assert not [a for a in functions.actions_of(role()) if a.startswith("rds:") and a[4:].startswith(forbidden)]
