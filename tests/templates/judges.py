"""Calls the three judges that are not ours: cfn-lint, cloudformation-validate, checkov. None of them uses the network.

Deliberately absent: our own rules (findings.py), and updates of what the judges know: they are pinned.
"""

import itertools
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from cfnlint.api import ManualArgs, lint
from cloudformation_validate import (
    CompositeEngine,
    EntityType,
    LogicalIdFilter,
    PseudoParameterOverrides,
    ReportStatus,
    RuleFilterConfig,
    Severity,
    TemplateContent,
    ValidateConfig,
)
from loading import Template

SIDES = ["eu-central-1", "eu-central-2"]
ELSEWHERE = {"anchor": ["us-east-1"], "edge": ["us-east-1"], "witness": ["eu-west-1"]}
PROPERTY = re.compile(r"(?P<property>^ {6,}\w+): !Ref (?P<name>\w+)$", re.MULTILINE)
CONDITION = re.compile(r"^    Condition: \w+\n", re.MULTILINE)
SKIPS = Path(__file__).with_name("checkov_skips.yaml")


def regions(template: Template) -> list[str]:
    return ELSEWHERE.get(template.name, SIDES)


def with_defaults(template: Template) -> str:
    """The text with the parameters' defaults in the place of properties that are nothing but a parameter.

    It judges no parameter by where it is used: an instance class that a region lacks would pass as a default.
    """

    def filled(found: re.Match[str]) -> str:
        parameter = template.parameters.get(found["name"], {})
        default = str(parameter.get("Default", ""))
        looked_up = parameter.get("Type", "").startswith("AWS::SSM::")
        return f"{found['property']}: {json.dumps(default)}" if default and not looked_up else found[0]

    return PROPERTY.sub(filled, template.text)


def cfn_lint(template: Template) -> list[str]:
    """Every finding, warnings too, in any of the template's regions, as it is and with its defaults."""
    found = lint(template.text, config=ManualArgs(regions=regions(template)))
    unused = "W2001"
    found += lint(with_defaults(template), config=ManualArgs(regions=regions(template), ignore_checks=[unused]))
    return sorted({f"{template.name}:{match.linenumber}: {match.rule.id} {match.message}" for match in found})


@cache
def engine() -> CompositeEngine:
    """One for all: it compiles its rules when it is made."""
    return CompositeEngine()


def choices(template: Template) -> list[dict[str, str]]:
    """One set of parameters for every combination of those that offer a choice: a template is judged as each of them.

    Without it the judge tries all combinations at once and gives up on the larger templates (W9052).
    """
    offered = {
        name: [str(value) for value in parameter["AllowedValues"]]
        for name, parameter in template.parameters.items()
        if "AllowedValues" in parameter
    }
    return [dict(zip(offered, values, strict=True)) for values in itertools.product(*offered.values())]


def outputs_with_if(template: Template) -> list[LogicalIdFilter]:
    """It does not look at the Fn::If around a reference in an output (W1001); cfn-lint does, and judges those."""
    return [
        LogicalIdFilter(rule_id="W1001", logical_id=name, entity_type=EntityType.OUTPUT)
        for name, output in template.outputs.items()
        if isinstance(output.get("Value"), dict) and "Fn::If" in output["Value"]
    ]


def cloudformation_validate(template: Template) -> list[str]:
    """Warnings and worse; what it only informs of (create-only properties, missing Metadata) is no finding."""
    found = set()
    for region, given in itertools.product(regions(template), choices(template)):
        config = ValidateConfig(
            severity_level=Severity.WARN,
            exclude=RuleFilterConfig(logical_ids=outputs_with_if(template)),
            parameter_overrides=given,
            pseudo_parameter_overrides=PseudoParameterOverrides(region=region, account_id="123456789012"),
        )
        report = engine().validate_template(TemplateContent(template.text, template.name), config)
        for each in report.diagnostics:
            found.add(f"{template.name}: {each.rule_id} {each.message}")
        if report.status != ReportStatus.OK:
            found.add(f"{template.name}: {report.status.name} for {given}")
    return sorted(found)


@dataclass(frozen=True)
class Checked:
    """What checkov says of a folder: how many checks passed, and which failed, as (check, template.LogicalId)."""

    passed: int
    failed: dict[tuple[str, str], str]


def unconditional(templates: list[Template], folder: Path) -> Path:
    """The templates with every resource made: checkov decides conditions by defaults and is silent about the rest."""
    for template in templates:
        (folder / f"{template.name}.yaml").write_text(CONDITION.sub("", template.text))
    return folder


def checkov(folder: Path) -> Checked:
    """A process of its own: it keeps its settings in globals. Its answer holds only what it found."""
    command = [Path(sys.executable).with_name("checkov"), "--directory", folder, "--framework", "cloudformation"]
    options = ["--skip-download", "--output", "json", "--compact", "--soft-fail"]
    offline = {**os.environ, "CHECKOV_RUN_SECRETS": "false", "BC_SKIP_MAPPING": "true", "LOG_LEVEL": "ERROR"}
    ran = subprocess.run([*map(str, command), *options], check=True, capture_output=True, text=True, env=offline)
    report = json.loads(ran.stdout)
    if "results" not in report:
        raise AssertionError(f"checkov judged nothing: {ran.stdout[:200]} {ran.stderr[-500:]}")
    failed = {}
    for check in report["results"]["failed_checks"]:
        resource = f"{Path(check['file_path']).stem}.{check['resource'].rsplit('.', 1)[-1]}"
        failed[check["check_id"], resource] = check["check_name"]
    return Checked(report["summary"]["passed"], failed)


def checkov_skips() -> dict[tuple[str, str], str]:
    """(check, template.LogicalId) to the reason why it is let through."""
    return {
        (check, resource): str(entry.get("reason", "")).strip()
        for entry in yaml.safe_load(SKIPS.read_text())
        for check in entry["checks"]
        for resource in entry["resources"]
    }
