"""Reads a CloudFormation template into plain Python, short forms (`!Ref`) as their long ones (`{"Ref": ...}`), and with
the files put in that bootstrap puts in (`'@@lambda/lag.py@@'`), as AWS gets to see it.

Deliberately absent: any judgement (rules.py), and evaluation (resolving.py).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "bootstrap" / "templates"
FILE = re.compile(r"'@@([\w./-]+)@@'")


class Loader(yaml.SafeLoader):
    """Knows every `!Tag` as an intrinsic function. Dates stay text, as CloudFormation reads them."""


def intrinsic(loader: Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


Loader.add_multi_constructor("!", intrinsic)
Loader.add_constructor("tag:yaml.org,2002:timestamp", Loader.construct_yaml_str)


@dataclass(frozen=True)
class Template:
    """One template: its name (without .yaml), its text and what the text says."""

    name: str
    text: str
    body: dict[str, Any]

    @classmethod
    def parse(cls, name: str, text: str) -> "Template":
        return cls(name, text, yaml.load(text, Loader=Loader))  # noqa: S506: a SafeLoader

    @property
    def parameters(self) -> dict[str, Any]:
        return self.body.get("Parameters", {})

    @property
    def resources(self) -> dict[str, Any]:
        return self.body["Resources"]

    @property
    def outputs(self) -> dict[str, Any]:
        return self.body.get("Outputs", {})

    @property
    def sided(self) -> bool:
        return "Role" in self.parameters

    def of_type(self, *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Logical id and properties of every resource of these types."""
        for logical_id, resource in self.resources.items():
            if resource["Type"] in types:
                yield logical_id, resource.get("Properties", {})


def every() -> list[Template]:
    """All templates that bootstrap embeds."""
    return [Template.parse(path.stem, rendered(path.read_text())) for path in sorted(FOLDER.glob("*.yaml"))]


def rendered(text: str) -> str:
    """Every file that the text names in its place, as a JSON string, which is YAML too."""
    return FILE.sub(lambda found: json.dumps((FOLDER.parent / found[1]).read_text()), text)


def walk(value: Any) -> Iterator[Any]:
    """The value and everything inside it."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from walk(item)


def listed(value: Any) -> list[Any]:
    """A value that may stand alone or in a list, as a list."""
    return [] if value is None else value if isinstance(value, list) else [value]
