"""Rules of what AWS documents and no other judge asks: what CloudFormation fills in by itself, names and
ports that are taken.

Deliberately absent: what only an account knows (quotas, Block Public Access; `drd doctor` looks at those).
"""

from collections.abc import Iterator
from typing import Any

from access import allowing, named
from loading import Template, listed

# Beginnings that AWS keeps for itself, by type and property (the API reference of each).
RESERVED: dict[tuple[str, str], tuple[str, ...]] = {
    ("AWS::EC2::SecurityGroup", "GroupName"): ("sg-",),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name"): ("internal-",),
    ("AWS::Events::EventBus", "Name"): ("aws.",),
    ("AWS::KMS::Alias", "AliasName"): ("alias/aws/",),
    ("AWS::S3::Bucket", "BucketName"): ("xn--", "sthree-", "amzn-s3-demo-"),
    ("AWS::SSM::Parameter", "Name"): ("aws", "/aws", "ssm", "/ssm"),
}


def text(value: Any) -> str | None:
    """A literal or the text of Fn::Sub, variables still in it; nothing for any other function."""
    return value.get("Fn::Sub") if isinstance(value, dict) else value


def no_default_of_cloudformation_replaces_the_engines(template: Template) -> Iterator[str]:
    """RDS's own default for aurora-postgresql is 5432; CloudFormation's handler of the type fills in 3306 instead
    (aws-cloudformation-resource-providers-rds, ModelAdapter: `Provisioned: aurora-postgresql -> 3306`).
    """
    for logical_id, properties in template.of_type("AWS::RDS::DBCluster"):
        if "Port" not in properties:
            yield f"{logical_id}: without Port it listens on 3306"


def no_name_begins_as_aws_reserves(template: Template) -> Iterator[str]:
    for (kind, name), beginnings in RESERVED.items():
        for logical_id, properties in template.of_type(kind):
            given = text(properties.get(name))
            if isinstance(given, str) and given.lower().startswith(beginnings):
                yield f"{logical_id}: {name} {given} begins as AWS's own do"


def eventbridge_publishes_without_a_condition(template: Template) -> Iterator[str]:
    """EventBridge's guide on resource-based policies, SNS: Condition blocks cannot be used; the page would be lost."""
    for logical_id, _, statement in allowing(template):
        principal = statement.get("Principal")
        services = listed(principal.get("Service")) if isinstance(principal, dict) else []
        publishes = "sns:Publish" in listed(statement.get("Action"))
        if publishes and "events.amazonaws.com" in services and "Condition" in statement:
            yield f"{named(logical_id, statement)}: EventBridge publishes nothing under a condition"


def container_insights_finds_its_log_group(template: Template) -> Iterator[str]:
    """Without one it makes its own, which no stack deletes and no key of ours encrypts."""
    groups = {text(properties.get("LogGroupName")) for _, properties in template.of_type("AWS::Logs::LogGroup")}
    for logical_id, properties in template.of_type("AWS::ECS::Cluster"):
        wanted = f"/aws/ecs/containerinsights/{text(properties.get('ClusterName'))}/performance"
        insights = [each for each in properties.get("ClusterSettings", []) if each.get("Name") == "containerInsights"]
        if any(each.get("Value") != "disabled" for each in insights) and wanted not in groups:
            yield f"{logical_id}: {wanted} is not declared"


def no_concurrency_is_reserved(template: Template) -> Iterator[str]:
    """Lambda leaves at least 10 executions unreserved, which is all that a new account has: it refuses any number."""
    for logical_id, properties in template.of_type("AWS::Lambda::Function"):
        if "ReservedConcurrentExecutions" in properties:
            yield f"{logical_id}: reserves concurrency, which an account with the first quota refuses"


def a_port_has_one_listener(template: Template) -> Iterator[str]:
    """Conditions do not help: CloudFormation makes the new listener before it deletes the old one."""
    taken: dict[str, str] = {}
    for logical_id, properties in template.of_type("AWS::ElasticLoadBalancingV2::Listener"):
        place = f"{properties.get('LoadBalancerArn')} {properties.get('Port')}"
        if place in taken:
            yield f"{logical_id}: on the port of {taken[place]}, also if never both are there"
        taken[place] = logical_id


RULES = [
    no_default_of_cloudformation_replaces_the_engines,
    no_name_begins_as_aws_reserves,
    eventbridge_publishes_without_a_condition,
    container_insights_finds_its_log_group,
    no_concurrency_is_reserved,
    a_port_has_one_listener,
]
