"""Rules of form: every template can be made, understood, taken away, and run on the emulators too.

Deliberately absent: what AWS's own judges find (cfn-lint, cloudformation-validate).
"""

import re
from collections.abc import Iterator
from typing import Any

from loading import Template, walk

BYTES_MAX = 51_200
RESOURCES_MAX = 500
FORBIDDEN_FUNCTIONS = {
    "Fn::Cidr": "two of the emulators cannot do it",
    "Fn::ImportValue": "exports end at the region's border; outputs travel as parameters",
    "Fn::Transform": "a macro runs code at deployment",
}
FORBIDDEN_TYPES = {
    "AWS::CloudFormation::CustomResource": "its function must live as long as the stack",
    "AWS::CloudFormation::Stack": "nested templates need a bucket first",
    "AWS::EC2::SecurityGroupEgress": "inline rules only",
    "AWS::EC2::SecurityGroupIngress": "inline rules only",
    "AWS::IAM::ServiceLinkedRole": "fails where the role exists already",
    "AWS::Route53::RecordSetGroup": "one record a resource",
}
SUFFIXES = ["a", "shop1", "a-b", "a" * 20]
NO_SUFFIXES = ["", "1shop", "-a", "Shop", "shop_1", "a" * 21]


def everything_is_deletable(template: Template) -> Iterator[str]:
    for logical_id, resource in template.resources.items():
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if resource.get(policy) != "Delete":
                yield f"{logical_id}: {policy} is not Delete"
        properties = resource.get("Properties", {})
        for setting in ("DeletionProtection", "DeletionProtectionEnabled"):
            if str(properties.get(setting, "false")).lower() not in ("false", "none"):
                yield f"{logical_id}: {setting}"
        for value in walk(properties):
            if isinstance(value, dict) and value.get("Key") == "deletion_protection.enabled":
                if str(value.get("Value")).lower() != "false":
                    yield f"{logical_id}: deletion_protection.enabled"


def nothing_forbidden_is_used(template: Template) -> Iterator[str]:
    if "Transform" in template.body:
        yield "section Transform"
    for logical_id, resource in template.resources.items():
        kind = resource["Type"]
        if kind in FORBIDDEN_TYPES or kind.startswith("Custom::"):
            yield f"{logical_id}: {kind}: {FORBIDDEN_TYPES.get(kind, 'a custom resource')}"
    for value in walk(template.body):
        for key in value if isinstance(value, dict) else ():
            if key in FORBIDDEN_FUNCTIONS or str(key).startswith("Fn::ForEach"):
                yield f"{key}: {FORBIDDEN_FUNCTIONS.get(key, 'a transform')}"
        if isinstance(value, dict) and value.get("Fn::GetAtt", [None, None])[-1] == "CidrBlock":
            yield "Fn::GetAtt of a VPC's CidrBlock: take the parameter"


def mentions_the_region(value: Any) -> bool:
    return any(
        each == {"Ref": "AWS::Region"} or (isinstance(each, str) and "${AWS::Region}" in each) for each in walk(value)
    )


def nothing_depends_on_the_regions_name(template: Template) -> Iterator[str]:
    """Names in ARNs may: what is made may not, or the two sides would differ by where they are, not by what they are."""
    for name, condition in template.body.get("Conditions", {}).items():
        if mentions_the_region(condition):
            yield f"condition {name}"
    for value in walk(template.body):
        if isinstance(value, dict) and mentions_the_region(value.get("Fn::FindInMap")):
            yield f"mapping {value['Fn::FindInMap'][0]}"


def conditions_compare_text(template: Template) -> Iterator[str]:
    """Every parameter arrives as text. AWS compares 0 and '0' as equal, an emulator need not."""
    for value in walk(template.body.get("Conditions", {})):
        for side in value.get("Fn::Equals", []) if isinstance(value, dict) else ():
            if not isinstance(side, str | dict):
                yield f"{side!r} is not text"


def parameters_and_outputs_are_described(template: Template) -> Iterator[str]:
    if not str(template.body.get("Description", "")).startswith("drd"):
        yield "the template's own Description does not start with drd"
    for section in (template.parameters, template.outputs):
        for name, value in section.items():
            if not str(value.get("Description", "")).strip():
                yield f"{name} has no Description"
    for name, value in template.outputs.items():
        if "Export" in value:
            yield f"{name} is exported"


def accepts(parameter: dict[str, Any], value: str) -> bool:
    """Whether CloudFormation would take the value: it matches the pattern against the whole."""
    length = parameter.get("MinLength", 0) <= len(value) <= parameter.get("MaxLength", 4096)
    return length and re.fullmatch(parameter.get("AllowedPattern", ".*"), value) is not None


def suffix_and_role_are_parameters_of_the_agreed_form(template: Template) -> Iterator[str]:
    suffix = template.parameters.get("Suffix", {})
    for value in SUFFIXES:
        if not accepts(suffix, value):
            yield f"Suffix: {value!r} is refused"
    for value in NO_SUFFIXES:
        if accepts(suffix, value):
            yield f"Suffix: {value!r} is accepted"
    if template.sided and template.parameters["Role"].get("AllowedValues") != ["primary", "standby"]:
        yield "Role: AllowedValues are not primary and standby"


def templates_fit_the_limits(template: Template) -> Iterator[str]:
    size = len(template.text.encode())
    if size >= BYTES_MAX:
        yield f"{size} bytes; from {BYTES_MAX} on a template would have to be in a bucket first"
    if "@@" in template.text:
        yield "a file that is not put in"
    if len(template.resources) > RESOURCES_MAX:
        yield f"{len(template.resources)} resources, {RESOURCES_MAX} at most"


RULES = [
    everything_is_deletable,
    nothing_forbidden_is_used,
    nothing_depends_on_the_regions_name,
    conditions_compare_text,
    parameters_and_outputs_are_described,
    suffix_and_role_are_parameters_of_the_agreed_form,
    templates_fit_the_limits,
]
