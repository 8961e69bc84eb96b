"""Just enough of IAM's and EventBridge's rules to ask the templates who gets in and what is passed on.

Reads a template with its parameters filled in; an `Fn::GetAtt X.Arn` becomes `arn:X`. Deliberately absent: every
operator that the templates do not use. One that is not known here is an error, never a match.
"""

import fnmatch
import re
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "bootstrap" / "templates"
ACCOUNT = "123456789012"
PSEUDO = {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, "AWS::URLSuffix": "amazonaws.com"}


class Loader(yaml.SafeLoader):
    """Turns the short forms of intrinsic functions into tagged tuples. Dates stay text."""


def tagged(loader: Loader, tag: str, node: yaml.Node) -> tuple[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return tag, loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return tag, loader.construct_sequence(node, deep=True)
    return tag, loader.construct_mapping(node, deep=True)


Loader.add_multi_constructor("!", tagged)
Loader.add_constructor("tag:yaml.org,2002:timestamp", Loader.construct_yaml_str)


def properties(template: str, **given: str) -> dict[str, dict[str, Any]]:
    """Every resource's properties, with parameters filled in and `!If` left to the branch without a condition."""
    known = PSEUDO | given
    body = yaml.load((FOLDER / f"{template}.yaml").read_text(), Loader=Loader)  # noqa: S506 - a SafeLoader

    def name(text: str) -> str:
        return known.get(text) or f"{text.removesuffix('.Arn')}"

    def value(node: Any) -> Any:
        match node:
            case ("Ref", str(text)):
                return name(text)
            case ("GetAtt", str(text)):
                return f"arn:{text.removesuffix('.Arn')}"
            case ("Sub", str(text)):
                return re.sub(r"\$\{(.+?)\}", lambda found: name(found[1]), text)
            case dict():
                return {key: value(inner) for key, inner in node.items()}
            case list():
                return [value(inner) for inner in node]
        return node

    return {key: value(each["Properties"]) for key, each in body["Resources"].items()}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def holds(operator: str, wanted: list[str], actual: str | None) -> bool:
    """IAM: a negated operator holds for a key that the request does not have, every other one does not."""
    match operator:
        case "Null":
            return wanted == ["true" if actual is None else "false"]
        case "Bool" | "StringEquals" | "ArnEquals":
            return actual in wanted
        case "StringNotEquals" | "ArnNotEquals":
            return actual not in wanted
    raise AssertionError(f"{operator} is not known here")


def applies(statement: dict[str, Any], who: str, action: str, resource: str, keys: dict[str, str]) -> bool:
    principal = statement["Principal"]
    principals = ["*"] if principal == "*" else [one for each in principal.values() for one in listed(each)]
    account = f"arn:aws:iam::{ACCOUNT}:"
    if not any(one in ("*", who) or (one == f"{account}root" and who.startswith(account)) for one in principals):
        return False
    if action not in listed(statement["Action"]):
        return False
    if "NotResource" in statement:
        met = resource not in listed(statement["NotResource"])
    else:
        met = any(fnmatch.fnmatchcase(resource, one) for one in listed(statement["Resource"]))
    return met and all(
        holds(operator, listed(wanted), keys.get(key))
        for operator, keyed in statement.get("Condition", {}).items()
        for key, wanted in keyed.items()
    )


def verdict(statements: list[dict[str, Any]], who: str, action: str, resource: str, **keys: str) -> str:
    """`Deny`, `Allow` or `nothing` (which leaves it to the caller's own policy). Keys: `aws__SourceArn=...`."""
    given = {"aws:SecureTransport": "true"} | {key.replace("__", ":").replace("_", "-"): v for key, v in keys.items()}
    effects = {each["Effect"] for each in statements if applies(each, who, action, resource, given)}
    return "Deny" if "Deny" in effects else "Allow" if effects else "nothing"


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """EventBridge: every field named is one of the values listed."""
    return all(
        matches(wanted, event.get(key, {})) if isinstance(wanted, dict) else event.get(key) in wanted
        for key, wanted in pattern.items()
    )
