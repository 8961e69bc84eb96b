"""What AWS's own API models say of a value: pattern, length, range, enumeration. The models are botocore's, which the
SDKs are made from; CloudFormation's schemas, which cfn-lint judges by, leave most of them out.

Names are judged at the longest suffix that drd takes. Deliberately absent: rules that no model has (limits.py), and
values that only AWS knows (references to resources), which are passed over and not counted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
from botocore.model import Shape
from loading import Template
from resolving import Resolved

LONGEST_SUFFIX = "abcdefghij-klmnopqrs"  # 20 characters: naming.rs
KNOWN = {
    "AWS::AccountId": "123456789012", "AWS::Region": "eu-central-2", "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com", "AWS::StackName": f"stack-foundation-standby-{LONGEST_SUFFIX}",
}
# The call that makes a resource of the type. A type that is missing here is judged by nothing in this file.
CALLS = {
    "AWS::AutoScaling::AutoScalingGroup": ("autoscaling", "CreateAutoScalingGroup"),
    "AWS::AutoScaling::ScalingPolicy": ("autoscaling", "PutScalingPolicy"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "PutMetricAlarm"),
    "AWS::CloudWatch::CompositeAlarm": ("cloudwatch", "PutCompositeAlarm"),
    "AWS::CloudWatch::Dashboard": ("cloudwatch", "PutDashboard"),
    "AWS::DynamoDB::Table": ("dynamodb", "CreateTable"),
    "AWS::EC2::LaunchTemplate": ("ec2", "CreateLaunchTemplate"),
    "AWS::EC2::SecurityGroup": ("ec2", "CreateSecurityGroup"),
    "AWS::EC2::VPC": ("ec2", "CreateVpc"),
    "AWS::ECS::Cluster": ("ecs", "CreateCluster"),
    "AWS::ECS::Service": ("ecs", "CreateService"),
    "AWS::ECS::TaskDefinition": ("ecs", "RegisterTaskDefinition"),
    "AWS::ElasticLoadBalancingV2::Listener": ("elbv2", "CreateListener"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("elbv2", "CreateLoadBalancer"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("elbv2", "CreateTargetGroup"),
    "AWS::Events::EventBus": ("events", "CreateEventBus"),
    "AWS::Events::Rule": ("events", "PutRule"),
    "AWS::IAM::InstanceProfile": ("iam", "CreateInstanceProfile"),
    "AWS::IAM::Role": ("iam", "CreateRole"),
    "AWS::KMS::Alias": ("kms", "CreateAlias"),
    "AWS::KMS::Key": ("kms", "CreateKey"),
    "AWS::Lambda::EventInvokeConfig": ("lambda", "PutFunctionEventInvokeConfig"),
    "AWS::Lambda::Function": ("lambda", "CreateFunction"),
    "AWS::Lambda::Permission": ("lambda", "AddPermission"),
    "AWS::Logs::LogGroup": ("logs", "CreateLogGroup"),
    "AWS::RDS::DBCluster": ("rds", "CreateDBCluster"),
    "AWS::RDS::DBClusterParameterGroup": ("rds", "CreateDBClusterParameterGroup"),
    "AWS::RDS::DBInstance": ("rds", "CreateDBInstance"),
    "AWS::RDS::DBSubnetGroup": ("rds", "CreateDBSubnetGroup"),
    "AWS::RDS::GlobalCluster": ("rds", "CreateGlobalCluster"),
    "AWS::Route53::HealthCheck": ("route53", "CreateHealthCheck"),
    "AWS::Route53::HostedZone": ("route53", "CreateHostedZone"),
    "AWS::SNS::Subscription": ("sns", "Subscribe"),
    "AWS::SNS::Topic": ("sns", "CreateTopic"),
    "AWS::SQS::Queue": ("sqs", "CreateQueue"),
    "AWS::SSM::Parameter": ("ssm", "PutParameter"),
    "AWS::Scheduler::Schedule": ("scheduler", "CreateSchedule"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "CreateSecret"),
}
# Where the documentation is stricter than the model: the longest name, and the characters of it.
NAMES: dict[tuple[str, str], tuple[int, str]] = {
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name"): (32, r"(?!-)[A-Za-z0-9-]+(?<!-)"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name"): (32, r"(?!-)[A-Za-z0-9-]+(?<!-)"),
    ("AWS::EC2::SecurityGroup", "GroupName"): (255, r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]+"),
    ("AWS::RDS::DBCluster", "DBClusterIdentifier"): (63, r"[A-Za-z](?:-?[A-Za-z0-9])*"),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier"): (63, r"[A-Za-z](?:-?[A-Za-z0-9])*"),
    ("AWS::RDS::GlobalCluster", "GlobalClusterIdentifier"): (63, r"[A-Za-z](?:-?[A-Za-z0-9])*"),
    ("AWS::S3::Bucket", "BucketName"): (63, r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
    ("AWS::SNS::Topic", "TopicName"): (256, r"[A-Za-z0-9_-]+"),
    ("AWS::SQS::Queue", "QueueName"): (80, r"[A-Za-z0-9_-]+"),
}
UNKNOWN = re.compile(r"<\w+>")  # a parameter that the test was not given, as resolving.py writes it
VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")


@dataclass
class Judged:
    """What was judged: how many values, and what was found."""

    values: int
    findings: list[str]


@cache
def input_of(service: str, operation: str) -> Shape:
    return botocore.session.Session().get_service_model(service).operation_model(operation).input_shape


def text(value: Any, parameters: dict[str, str]) -> str | None:
    """A literal, or the text of Fn::Sub where all that it names is known."""
    match value:
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return None if UNKNOWN.fullmatch(str(value)) else str(value)
        case {"Ref": name}:
            return KNOWN.get(name)
        case {"Fn::Sub": str(body)}:
            names = set(VARIABLE.findall(body))
            known = {**KNOWN, **parameters}
            return VARIABLE.sub(lambda found: known[found[1]], body) if names <= set(known) else None
    return None


def faults(shape: Shape, value: str) -> Iterator[str]:
    """What the model has against one value."""
    limits = shape.metadata
    words = limits.get("enum", [])
    if words and value not in words:
        yield f"is none of {', '.join(words)[:120]}"
    if shape.type_name == "string":
        size, what = len(value), "characters"
    elif shape.type_name in ("integer", "long", "float", "double") and re.fullmatch(r"-?\d+(\.\d+)?", value):
        size, what = float(value), "as a number"
    else:
        return
    if size < limits.get("min", size) or size > limits.get("max", size):
        yield f"is {size:g} {what}, allowed are {limits.get('min', 0)} to {limits.get('max', 'any')}"
    pattern = limits.get("pattern")
    if pattern and shape.type_name == "string" and not compiled(pattern).search(value):
        yield f"does not match {pattern}"


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The models' patterns are Java's; one that Python has no words for judges nothing."""
    try:
        return re.compile(f"^(?:{pattern})$")
    except re.error:
        return re.compile("")


def judge(shape: Shape, value: Any, parameters: dict[str, str], path: str, judged: Judged) -> None:
    """Follows the value and its model down, as far as their names agree."""
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {name.lower(): member for name, member in shape.members.items()}
        for name, inner in value.items():
            if name.lower() in members:
                judge(members[name.lower()], inner, parameters, f"{path}.{name}", judged)
    elif shape.type_name == "list" and isinstance(value, list):
        for number, inner in enumerate(value):
            judge(shape.member, inner, parameters, f"{path}[{number}]", judged)
    elif shape.type_name == "map" and isinstance(value, dict) and not any(key.startswith("Fn::") for key in value):
        for name, inner in value.items():
            judge(shape.value, inner, parameters, f"{path}.{name}", judged)
    else:
        literal = text(value, parameters)
        if literal is not None:
            judged.values += 1
            judged.findings += [f"{path}: {literal!r} {fault}" for fault in faults(shape, literal)]


def judge_template(template: Template, **given: str) -> Judged:
    """Every value of every resource that the given parameters make."""
    if "Suffix" in template.parameters:
        given = {"Suffix": LONGEST_SUFFIX, **given}
    resolved = Resolved(template, **given)
    parameters = {name: value for name, value in resolved.parameters.items() if not value.startswith("<")}
    judged = Judged(0, [])
    for logical_id, resource in resolved.resources.items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind in CALLS:
            judge(input_of(*CALLS[kind]), properties, parameters, f"{template.name}.{logical_id}", judged)
        for (of, name), (longest, pattern) in NAMES.items():
            literal = text(properties.get(name), parameters) if of == kind else None
            if literal is not None:
                judged.values += 1
                if len(literal) > longest or not re.fullmatch(pattern, literal):
                    judged.findings.append(f"{template.name}.{logical_id}.{name}: {literal!r} ({len(literal)}) is no name")
    return judged
