"""Every template that bootstrap embeds, before every judge. Zero findings, or an exception with its reason.

Deliberately absent: proof that the judges can find something (test_rules.py).
"""

import exceptions
import judges
import loading
import pytest
from access import allowing
from findings import findings
from loading import Template, listed

TEMPLATES = loading.every()
EXPECTED = {
    *("anchor", "app", "daemon", "dashboard", "data", "edge", "events", "foundation"),
    *("global", "latch", "monitor", "network", "storage", "witness"),
}
each = pytest.mark.parametrize("template", TEMPLATES, ids=[template.name for template in TEMPLATES])
complete = pytest.mark.skipif(
    {template.name for template in TEMPLATES} != EXPECTED, reason="only a complete set can tell what is not needed"
)


@each
def test_cfn_lint_finds_nothing_in_any_region_of_the_template(template: Template):
    assert judges.cfn_lint(template) == []


@each
def test_cloudformation_validate_finds_nothing_for_any_choice_of_parameters(template: Template):
    assert judges.cloudformation_validate(template) == []


@each
def test_our_own_rules_find_nothing(template: Template):
    assert findings(template) == []


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> judges.Checked:
    return judges.checkov(judges.unconditional(TEMPLATES, tmp_path_factory.mktemp("unconditional")))


def test_checkov_fails_only_what_is_skipped_with_a_reason(checked: judges.Checked):
    skips = judges.checkov_skips()
    assert {found: name for found, name in checked.failed.items() if found not in skips} == {}
    assert checked.passed > 5 * len(TEMPLATES), "checkov judged almost nothing"


def test_every_exception_says_why():
    reasons = [
        *judges.checkov_skips().values(),
        *exceptions.NAMED_OTHERWISE.values(),
        *exceptions.UNENCRYPTED.values(),
        *(reason for reason, _ in exceptions.WITHOUT_RESOURCE.values()),
        *(reason for reason, _ in exceptions.EVERYBODY.values()),
    ]
    assert [reason for reason in reasons if len(reason) < 15] == []


@complete
def test_no_skip_of_checkov_has_outlived_its_need(checked: judges.Checked):
    assert set(judges.checkov_skips()) - set(checked.failed) == set()


@complete
def test_no_exception_of_ours_has_outlived_its_need():
    statements = [(template.name, statement) for template in TEMPLATES for _, _, statement in allowing(template)]
    there = {(template.name, logical_id) for template in TEMPLATES for logical_id in template.resources}
    wide = {
        action
        for _, statement in statements
        if "*" in listed(statement.get("Resource"))
        for action in listed(statement["Action"])
    }
    assert set(exceptions.EVERYBODY) - {(name, statement.get("Sid")) for name, statement in statements} == set()
    assert set(exceptions.WITHOUT_RESOURCE) - wide == set()
    assert (set(exceptions.NAMED_OTHERWISE) | set(exceptions.UNENCRYPTED)) - there == set()
