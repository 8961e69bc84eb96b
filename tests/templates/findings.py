"""Runs every rule of ours over a template.

Deliberately absent: the rules themselves (naming.py, access.py, encryption.py, portable.py, meaning.py, limits.py).
"""

import access
import encryption
import limits
import meaning
import naming
import portable
from loading import Template

RULES = [*portable.RULES, *naming.RULES, *access.RULES, *encryption.RULES, *meaning.RULES, *limits.RULES]


def findings(template: Template) -> list[str]:
    """Every finding of every rule, with the template's and the rule's name in front."""
    return [
        f"{template.name}: {rule.__name__.replace('_', ' ')}: {finding}"
        for rule in RULES
        for finding in rule(template)
    ]
