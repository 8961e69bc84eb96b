"""Rules of meaning: the few properties that would look right, deploy, and hurt in a failover.

Deliberately absent: thresholds and sizes, which are parameters or the policy's business.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from access import allowing, is_everything
from loading import Template, listed

VARIABLE = re.compile(r"\$\{[^!}][^}]*\}")
GRID_COLUMNS = 24
# A half minute of the 300 s; an alias to a load balancer has 60 s.
TTL_SECONDS_MAX = 30


def is_latch(check: dict[str, Any]) -> bool:
    """An inverted HTTPS check, every 10 s, on the one object of the latch bucket."""
    return (
        check.get("Type") == "HTTPS"
        and str(check.get("Inverted")).lower() == "true"
        and check.get("RequestInterval") == 10
        and "bucket-latch-standby-${Suffix}.s3." in str(check.get("FullyQualifiedDomainName"))
        and check.get("ResourcePath") == "/active-side"
    )


def referred(value: Any) -> str | None:
    """The logical id that a plain reference names; anything more than a reference (Fn::If) names none."""
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, _]}:
            return name
    return None


def the_primary_record_follows_the_latch_alone(template: Template) -> Iterator[str]:
    """The endpoint check is a sensor: on the record it would move users to a read-only side by itself, and back."""
    checks = {
        name: properties.get("HealthCheckConfig", {}) for name, properties in template.of_type("AWS::Route53::HealthCheck")
    }
    places = []
    for logical_id, properties in template.of_type("AWS::Route53::RecordSet"):
        place = properties.get("Failover")
        if place is None:
            if "HealthCheckId" in properties:
                yield f"{logical_id}: a health check outside the failover pair"
            continue
        places.append(str(place))
        if place == "PRIMARY" and not is_latch(checks.get(referred(properties.get("HealthCheckId")) or "", {})):
            yield f"{logical_id}: its health check is not the latch"
        if place == "SECONDARY" and "HealthCheckId" in properties:
            yield f"{logical_id}: SECONDARY has a health check"
        alias = properties.get("AliasTarget")
        if alias is not None and str(alias.get("EvaluateTargetHealth")).lower() != "false":
            yield f"{logical_id}: EvaluateTargetHealth lets the load balancer's targets move users"
        if alias is not None or int(properties.get("TTL", 0)) not in range(1, TTL_SECONDS_MAX + 1):
            yield f"{logical_id}: resolvers keep the old side for more than {TTL_SECONDS_MAX} s"
    if template.name == "edge" or places:
        if sorted(places) != ["PRIMARY", "SECONDARY"]:
            yield f"the failover pair is {sorted(places)}"


def only_the_latch_is_public(template: Template) -> Iterator[str]:
    for logical_id, _, statement in allowing(template):
        if template.resources[logical_id]["Type"] != "AWS::S3::BucketPolicy":
            continue
        if is_everything(statement.get("Principal")) and (
            listed(statement.get("Action")) != ["s3:GetObject"]
            or any(not str(each).endswith(("/active-side'}", "/readable'}")) for each in listed(statement.get("Resource")))
        ):
            yield f"{logical_id}: more than reading the latch and the object beside it"


def dashboards_are_json(template: Template) -> Iterator[str]:
    for logical_id, properties in template.of_type("AWS::CloudWatch::Dashboard"):
        body = properties.get("DashboardBody")
        text = body.get("Fn::Sub") if isinstance(body, dict) else body
        text = text[0] if isinstance(text, list) else text
        try:
            widgets = json.loads(VARIABLE.sub("1", str(text)))["widgets"]
        except (ValueError, KeyError, TypeError) as error:
            yield f"{logical_id}: {error}"
            continue
        for number, widget in enumerate(widgets):
            missing = {"type", "x", "y", "width", "height", "properties"} - set(widget)
            if missing:
                yield f"{logical_id}: widget {number} lacks {sorted(missing)}"
            elif widget["x"] + widget["width"] > GRID_COLUMNS:
                yield f"{logical_id}: widget {number} leaves the grid"


def every_alarm_tells_somebody(template: Template) -> Iterator[str]:
    """By itself, or through a composite alarm that names it (`${LogicalId}`) and tells somebody."""
    composites = [properties for _, properties in template.of_type("AWS::CloudWatch::CompositeAlarm")]
    heard = " ".join(str(each.get("AlarmRule")) for each in composites if each.get("AlarmActions"))
    for logical_id, properties in template.of_type("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        if not properties.get("AlarmActions") and f"${{{logical_id}}}" not in heard:
            yield f"{logical_id}: no AlarmActions"
    for logical_id, properties in template.of_type("AWS::CloudWatch::Alarm"):
        if "TreatMissingData" not in properties:
            yield f"{logical_id}: does not say what missing data means"


def no_cluster_can_lose_its_global_database(template: Template) -> Iterator[str]:
    """CloudFormation detaches, and so promotes, a cluster whose GlobalClusterIdentifier becomes empty."""
    for logical_id, properties in template.of_type("AWS::RDS::DBCluster"):
        name = referred(properties.get("GlobalClusterIdentifier"))
        parameter = template.parameters.get(name or "", {})
        if name is None or parameter.get("MinLength", 0) < 1 or "Default" in parameter:
            yield f"{logical_id}: GlobalClusterIdentifier is not a parameter that must be given"
        for property_name in ("AvailabilityZones", "ManageMasterUserPassword", "EnableGlobalWriteForwarding"):
            if property_name in properties:
                yield f"{logical_id}: {property_name}"
    for logical_id, properties in template.of_type("AWS::RDS::GlobalCluster"):
        if "SourceDBClusterIdentifier" in properties:
            yield f"{logical_id}: SourceDBClusterIdentifier reads back as the writer of the day"


RULES = [
    the_primary_record_follows_the_latch_alone,
    only_the_latch_is_public,
    dashboards_are_json,
    every_alarm_tells_somebody,
    no_cluster_can_lose_its_global_database,
]
