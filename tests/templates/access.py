"""Rules of access: nothing is allowed that nobody asked for.

Deliberately absent: whether a role can do all that its code does (the code's own tests compare the two).
"""

from collections.abc import Iterator
from typing import Any

from exceptions import EVERYBODY, WITHOUT_RESOURCE
from loading import Template, listed, walk


def statements(template: Template) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """Logical id, whether it is a key's own policy, and the statement, of every policy statement."""
    for logical_id, resource in template.resources.items():
        key = resource["Type"] == "AWS::KMS::Key"
        for value in walk(resource.get("Properties", {})):
            if isinstance(value, dict) and value.get("Effect") in ("Allow", "Deny"):
                yield logical_id, key, value


def allowing(template: Template) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    return (each for each in statements(template) if each[2]["Effect"] == "Allow")


def named(logical_id: str, statement: dict[str, Any]) -> str:
    return f"{logical_id}/{statement.get('Sid', 'statement without Sid')}"


def is_everything(value: Any) -> bool:
    return value in ("*", {"Fn::Sub": "*"})


def condition_keys(statement: dict[str, Any]) -> set[str]:
    return {key for operator in statement.get("Condition", {}).values() for key in operator}


def no_action_is_a_wildcard(template: Template) -> Iterator[str]:
    for logical_id, _, statement in allowing(template):
        if "NotAction" in statement or "NotResource" in statement or "NotPrincipal" in statement:
            yield f"{named(logical_id, statement)}: allows all but something"
        for action in listed(statement.get("Action")):
            if not isinstance(action, str) or "*" in action or "?" in action:
                yield f"{named(logical_id, statement)}: {action}"


def everything_as_resource_only_where_there_is_nothing_narrower(template: Template) -> Iterator[str]:
    """In a key's own policy `*` is the key itself."""
    for logical_id, key, statement in allowing(template):
        if key or not any(map(is_everything, listed(statement.get("Resource")))):
            continue
        for action in listed(statement.get("Action")):
            if action not in WITHOUT_RESOURCE:
                yield f"{named(logical_id, statement)}: {action} on every resource, and exceptions.py has no reason"
                continue
            _, key_needed = WITHOUT_RESOURCE[action]
            if key_needed and key_needed not in condition_keys(statement):
                yield f"{named(logical_id, statement)}: {action} on every resource without a condition on {key_needed}"


def nobody_is_everybody(template: Template) -> Iterator[str]:
    for logical_id, _, statement in allowing(template):
        principal = statement.get("Principal")
        meant = principal.values() if isinstance(principal, dict) else [principal]
        if not any(is_everything(one) for each in meant for one in listed(each)):
            continue
        entry = (template.name, statement.get("Sid", ""))
        if entry not in EVERYBODY:
            yield f"{named(logical_id, statement)}: allows everybody, and exceptions.py has no reason"
            continue
        _, key_needed = EVERYBODY[entry]
        if key_needed and key_needed not in condition_keys(statement):
            yield f"{named(logical_id, statement)}: allows everybody without a condition on {key_needed}"


def buckets_speak_tls_only(template: Template) -> Iterator[str]:
    policies = {
        str(properties.get("Bucket")): properties for _, properties in template.of_type("AWS::S3::BucketPolicy")
    }
    for logical_id, _ in template.of_type("AWS::S3::Bucket"):
        policy = policies.get(str({"Ref": logical_id}))
        if policy is None or not any(
            isinstance(value, dict)
            and value.get("Effect") == "Deny"
            and is_everything(value.get("Principal"))
            and str(value.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")).lower() == "false"
            for value in walk(policy)
        ):
            yield f"{logical_id}: no policy denies requests without TLS"


RULES = [
    no_action_is_a_wildcard,
    everything_as_resource_only_where_there_is_nothing_narrower,
    nobody_is_everybody,
    buckets_speak_tls_only,
]
