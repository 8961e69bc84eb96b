"""Calls the three judges that are not ours: cfn-lint, cloudformation-validate, checkov. None of them uses the network.

Deliberately absent: our own rules (findings.py), and updates of what the judges know: they are pinned.
"""

import itertools
import json
import os
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
from loading import FOLDER, Template

SIDES = ["eu-central-1", "eu-central-2"]
ELSEWHERE = {"edge": ["us-east-1"], "witness": ["eu-west-1"]}
SKIPS = Path(__file__).with_name("checkov_skips.yaml")


def regions(template: Template) -> list[str]:
    return ELSEWHERE.get(template.name, SIDES)


def cfn_lint(template: Template) -> list[str]:
    """Every finding, warnings too, in any of the template's regions."""
    return sorted(
        {
            f"{template.name}:{match.linenumber}: {match.rule.id} {match.message}"
            for match in lint(template.text, config=ManualArgs(regions=regions(template)))
        }
    )


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


def checkov(folder: Path = FOLDER) -> Checked:
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
        (entry["check"], resource): str(entry.get("reason", "")).strip()
        for entry in yaml.safe_load(SKIPS.read_text())
        for resource in entry["resources"]
    }
