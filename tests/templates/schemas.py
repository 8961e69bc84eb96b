"""What AWS's own resource schemas (as cfn-lint ships them, offline) say about a resource type.

Deliberately absent: names; the schemas do not tell a name from other identifiers (rules.py has the table).
"""

import re
from functools import cache
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

ENCRYPTION = re.compile(r"kms|encrypt|^sse", re.IGNORECASE)


@cache
def schema(resource_type: str) -> dict[str, Any]:
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-central-1", resource_type).schema


@cache
def tag_property(resource_type: str) -> str | None:
    """The property that takes tags, or None where the type has none."""
    found = schema(resource_type)
    tagging = found.get("tagging")
    if tagging is None:
        return "Tags" if "Tags" in found["properties"] else None
    if not tagging.get("taggable", True):
        return None
    return tagging.get("tagProperty", "/properties/Tags").rsplit("/", 1)[-1]


@cache
def encryption_properties(resource_type: str) -> list[str]:
    """Top-level properties that have to do with encryption."""
    return sorted(name for name in schema(resource_type)["properties"] if ENCRYPTION.search(name))
