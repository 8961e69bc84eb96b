"""deploy/prometheus, read: the rules, and the cases of their tests by rule.

Two rules may share a name; the labels that they set tell them apart. Deliberately absent: PromQL; promtool knows it.
"""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
RULES, TESTS, SCRAPE = FOLDER / "drd.rules.yml", FOLDER / "drd.rules.test.yml", FOLDER / "scrape.yml"


def rules(text: str) -> list[dict]:
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def title(rule: dict) -> str:
    return " ".join([rule["alert"], *(f"{k}={v}" for k, v in sorted(rule["labels"].items()))])


def cases(text: str) -> list[dict]:
    """Every `alert_rule_test`: when, which alert, and what is expected."""
    return [case for test in yaml.safe_load(text)["tests"] for case in test["alert_rule_test"]]


def fires(rule: dict, case: dict) -> bool:
    return any(rule["labels"].items() <= expected["exp_labels"].items() for expected in case["exp_alerts"])


def untested(found: list[dict], tried: list[dict]) -> list[str]:
    """What is missing: every rule needs a case in which it fires and one in which it stays silent."""
    missing = []
    for rule in found:
        of_it = [case for case in tried if case["alertname"] == rule["alert"]]
        if not any(fires(rule, case) for case in of_it):
            missing.append(f"{title(rule)} never fires in a test")
        if all(fires(rule, case) for case in of_it):
            missing.append(f"{title(rule)} is never silent in a test")
    return missing


def undescribed(found: list[dict]) -> list[str]:
    """Every alert says how bad it is, and its text what happened, what state things are in, and what to do next."""
    wrong = []
    for rule in found:
        says = rule.get("annotations", {})
        if rule.get("labels", {}).get("severity") not in ("critical", "warning", "info"):
            wrong.append(f"{rule['alert']} has no severity")
        wrong += [f"{rule['alert']} has no {name}" for name in ("summary", "description", "runbook_url") if not says.get(name)]
        if says.get("description", "").count(". ") < 2:
            wrong.append(f"{rule['alert']} does not say what happened, what state things are in and what to do next")
        if not says.get("runbook_url", "").endswith(f"/deploy/RUNBOOK.md#{rule['alert'].lower()}"):
            wrong.append(f"{rule['alert']} does not point at its section of the runbook")
    return wrong
