"""Every literal and every name against what AWS's API models and documentation allow, for every choice of
parameters.

Deliberately absent: what CloudFormation's own schemas say; cfn-lint judges by those (test_templates.py).
"""

import constraints
import judges
import loading
import pytest
from constraints import judge_template
from loading import Template
from resolving import Resolved

TEMPLATES = {template.name: template for template in loading.every()}
# What parameters without a list of choices are given, so that every resource is made by one of the two.
GIVEN = {
    "CertificateArn": "arn:aws:acm:eu-central-2:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    "DaemonImage": "123456789012.dkr.ecr.eu-central-2.amazonaws.com/drd:0.1.0",
    "NotificationEmail": "sre@example.com",
    "Instances": "3",
    "NatGateways": "3",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
}


def choices(template: Template) -> list[dict[str, str]]:
    """Every choice that parameters offer, once with the defaults of all others and once with what is given here."""
    given = {name: value for name, value in GIVEN.items() if name in template.parameters}
    others = [{}, given] if given else [{}]
    return [{**more, **each} for more in others for each in judges.choices(template)]


def every_judgement(template: Template) -> list[constraints.Judged]:
    return [judge_template(template, **each) for each in choices(template)]


def test_every_resource_is_made_by_one_of_the_choices():
    for template in TEMPLATES.values():
        made = {name for each in choices(template) for name in Resolved(template, **each).resources}
        assert set(template.resources) - made == set(), template.name


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_no_value_is_one_that_awss_own_models_refuse(template: Template):
    assert [finding for judged in every_judgement(template) for finding in judged.findings] == []


def test_the_models_judge_hundreds_of_values():
    judged = sum(max(each.values for each in every_judgement(template)) for template in TEMPLATES.values())
    assert judged >= 500, f"only {judged} values were judged"


PLANTED = [
    ("monitor", "Timeout: 60", "Timeout: 0", "as a number"),
    ("monitor", "EvaluationPeriods: 3", "EvaluationPeriods: 0", "as a number"),
    ("monitor", "Statistic: Maximum", "Statistic: Max", "is none of"),
    ("app", "alb-${Role}-${Suffix}", "balancer-${Role}-${Suffix}", "no name"),
    ("data", "'aurora-${Role}-${Suffix}'", "'aurora--${Suffix}'", "no name"),
    ("latch", "bucket-latch-standby-${Suffix}", "Bucket-latch-standby-${Suffix}", "no name"),
    ("edge", "RequestInterval: 10", "RequestInterval: 5", "as a number"),
]


@pytest.mark.parametrize(("name", "what", "instead", "found"), PLANTED, ids=[f"{n}-{i}" for n, _, i, _ in PLANTED])
def test_a_planted_value_that_aws_refuses_is_found(name: str, what: str, instead: str, found: str):
    text = TEMPLATES[name].text
    assert what in text, f"{name} has no {what!r}"
    judged = every_judgement(Template.parse(name, text.replace(what, instead)))
    findings = [finding for each in judged for finding in each.findings]
    assert any(found in finding for finding in findings), findings
