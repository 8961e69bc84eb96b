"""The alerts of deploy/prometheus, without a server: complete, described, tested for firing and for silence.

What they do is in deploy/prometheus/drd.rules.test.yml, for promtool. Deliberately absent: a live scrape
(test_prometheus.py).
"""

import copy
import re
import subprocess

import pytest
from alerts import FOLDER, ROOT, RULES, SCRAPE, TESTS, cases, rules, undescribed, untested
from tools import need

NAMED = {"DrdDown", "DrdControlLoopStalled", "DrdEventPathBroken", "DrdNotArmed", "DrdPausedTooLong",
         "DrdReplicationLagHigh", "DrdReplicationLagUnknown", "DrdFailoverRunning", "DrdFailoverSlow", "DrdFailoverFailed",
         "DrdSplitBrainSuspected", "DrdGameDayOverdue"}
FOUND, TRIED = rules(RULES.read_text()), cases(TESTS.read_text())


def promtool(*words, text: str | None = None, at=FOLDER) -> subprocess.CompletedProcess:
    tool = need("promtool", "Debian: apt-get download prometheus, dpkg -x (installing it starts a server)")
    return subprocess.run([tool, *words], cwd=at, input=text, capture_output=True, text=True, timeout=120)


def passes(*words, **how) -> None:
    done = promtool(*words, **how)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_finds_nothing_wrong_with_the_rules_and_the_scrape_configuration():
    passes("check", "rules", RULES.name)
    passes("check", "config", SCRAPE.name)


def test_every_alert_does_what_its_tests_say():
    passes("test", "rules", TESTS.name)


def test_all_alerts_are_there_and_each_says_what_to_do():
    assert {rule["alert"] for rule in FOUND} == NAMED
    assert undescribed(FOUND) == []


def test_every_alert_is_tested_for_firing_and_for_silence():
    assert untested(FOUND, TRIED) == []


@pytest.mark.parametrize("name", ["summary", "description", "runbook_url"])
def test_an_alert_that_lacks_an_annotation_is_found(name):
    rule = copy.deepcopy(FOUND[0])
    del rule["annotations"][name]
    assert any(name.split("_")[0] in wrong for wrong in undescribed([rule]))


def test_an_alert_that_lacks_a_case_is_found():
    rule = FOUND[0]
    firing = {"alertname": rule["alert"], "exp_alerts": [{"exp_labels": {"job": "drd", **rule["labels"]}}]}
    silent = {"alertname": rule["alert"], "exp_alerts": [{"exp_labels": {"severity": "info"}}]}
    assert untested([rule], [firing, silent]) == []
    assert len(untested([rule], [firing])) == len(untested([rule], [silent])) == 1
    assert len(untested([rule], [])) == 2


def test_every_wait_and_every_limit_of_a_rule_has_its_reason_beside_it():
    for text in re.split(r"\n      - (?=alert: )", RULES.read_text())[1:]:
        name, before = text.split()[1], text.split("expr:")[0]
        waits, said = re.search(r"^ +for: ", text, re.MULTILINE), re.search(r"#.*\n +for: ", text)
        assert said or not waits, f"{name}: why does it wait for so long?"
        compared = re.search(r"[<>] (?:on \(.*\) )?(?!0$|1$)\d", text.split("labels:")[0], re.MULTILINE)
        assert "#" in before or not compared, f"{name}: why this limit?"


def test_every_link_ends_at_a_section_of_the_runbook():
    page = (ROOT / "deploy" / "RUNBOOK.md").read_text()
    anchors = {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}
    links = {rule["annotations"]["runbook_url"].split("#")[1] for rule in FOUND}
    assert links - anchors == set()
