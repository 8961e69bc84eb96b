"""The files of deploy/ecs, made from the template that bootstrap uses: one source, so that the two cannot drift.

An example estate's names stand where an operator puts his own. Deliberately absent: any value of its own; what differs
between CloudFormation and the API is the case of the first letter, and what a reference comes to.
"""

import json
from pathlib import Path
from typing import Any

from functions import ROOT, resolved, template

FOLDER = ROOT / "deploy" / "ecs"
REGION, ACCOUNT, SUFFIX = "eu-central-2", "123456789012", "shop1"
KEY = "00000000-0000-0000-0000-000000000000"
LOGS = f"/drd/daemon-{SUFFIX}"
EXAMPLE = {
    "AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "Suffix": SUFFIX,
    "PrimaryRegion": "eu-central-1", "GlobalClusterId": f"global-aurora-{SUFFIX}", "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "LatchHealthCheckId": KEY, "KeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY}",
    "ConfigBucket": f"bucket-config-standby-{SUFFIX}", "ConfigKey": "drd.toml",
    "DaemonImage": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/drd:0.1.0",
    "AppSubnets": [f"subnet-0000000000000000{zone}" for zone in "abc"],
    # What CloudFormation gives for a reference to a resource.
    "Cluster": f"cluster-daemon-{SUFFIX}", "Task": f"task-daemon-{SUFFIX}", "Logs": LOGS,
    "TaskSecurityGroup": "sg-00000000000000000",
}
ATTRIBUTES = {
    "ExecutionRole.Arn": f"arn:aws:iam::{ACCOUNT}:role/role-daemon-start-{SUFFIX}",
    "DaemonRole.Arn": f"arn:aws:iam::{ACCOUNT}:role/role-daemon-{SUFFIX}",
    "Logs.Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{LOGS}:*",
}
RESOURCES = template("daemon")["Resources"]


def attributes(value: Any) -> Any:
    if isinstance(value, list):
        return [attributes(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::GetAtt" in value:
        return ATTRIBUTES[value["Fn::GetAtt"]]
    return {key: attributes(item) for key, item in value.items()}


def properties(logical_id: str) -> dict[str, Any]:
    """A resource's properties for the example estate."""
    return resolved(attributes(RESOURCES[logical_id]["Properties"]), EXAMPLE)


def as_api(value: Any, inside: str = "") -> Any:
    """CloudFormation's words as ECS's API spells them; a log driver's options are nobody's words but its own."""
    if isinstance(value, list):
        return [as_api(item) for item in value]
    if not isinstance(value, dict) or inside == "Options":
        return value
    return {key[:1].lower() + key[1:]: as_api(item, key) for key, item in value.items()}


def policy(role: str) -> dict[str, Any]:
    (only,) = properties(role)["Policies"]
    return only["PolicyDocument"]


def wanted() -> dict[str, dict[str, Any]]:
    """Every file of the folder that is made, and what it must say."""
    return {
        "task-definition.json": as_api(properties("Task")),
        "service.json": as_api(properties("Service")),
        "task-role-policy.json": policy("DaemonRole"),
        "execution-role-policy.json": policy("ExecutionRole"),
        "trust-policy.json": properties("ExecutionRole")["AssumeRolePolicyDocument"],
    }


def written(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / name).read_text())


def write(folder: Path = FOLDER) -> None:
    folder.mkdir(exist_ok=True)
    for name, value in wanted().items():
        (folder / name).write_text(json.dumps(value, indent=2) + "\n")
