"""deploy/RUNBOOK.md: nothing that can alert, and no state, is without its section; no command in it does not exist.

drd's own commands are parsed by drd's own parser (tests/lab/runbook.rs); what the blocks do is tried in
test_by_hand.py. Deliberately absent: whether the advice is good.
"""

import os
import re
import subprocess
from pathlib import Path

import botocore.session
import pytest
import runbook
import yaml
from botocore import xform_name
from daemon import binary
from functions import ROOT

PAGE = runbook.text()
SECTIONS = runbook.sections(PAGE)
PARTS = ["You see", "drd is doing", "Do", "Undo"]
ALERTS = ["DrdDown", "DrdControlLoopStalled", "DrdEventPathBroken", "DrdNotArmed", "DrdPausedTooLong",
          "DrdReplicationLagHigh", "DrdReplicationLagUnknown", "DrdFailoverRunning", "DrdFailoverSlow",
          "DrdFailoverFailed", "DrdSplitBrainSuspected", "DrdGameDayOverdue"]
FLAGS = ["not armed", "paused"]
RULES = ROOT / "deploy" / "prometheus" / "drd.rules.yml"
# Of the AWS command line itself, not of an operation.
EVERYWHERE = {"region", "query", "output", "cli-input-json", "no-cli-pager", "profile", "max-items"}
# A service under another name, and one whose answer no region changes.
SERVICE, ANYWHERE = {"s3api": "s3"}, {"sts"}
# Commands that are made of several operations: no model has them.
CUSTOM = {("s3", "cp"), ("rds", "wait"), ("ecs", "wait"), ("dynamodb", "wait")}
COMMANDS = [command for block in runbook.blocks(PAGE) for command in runbook.aws_commands(block.text)]


def states() -> list[str]:
    """The public states, from the page that is generated from the machine's own table."""
    text = (ROOT / "state-machine/README.md").read_text()
    table = text.split("## States")[1].split("## ")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_every_alert_has_its_section_and_no_section_its_own_alert():
    rules = yaml.safe_load(RULES.read_text()) if RULES.exists() else {"groups": []}
    defined = {rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
    assert [alert for alert in {*ALERTS, *defined} if alert not in SECTIONS] == []
    if defined:
        assert {name for name in SECTIONS if name.startswith("Drd")} == defined
        links = {rule["annotations"]["runbook_url"].split("#")[1] for group in rules["groups"] for rule in group["rules"]}
        assert links == {runbook.anchor(alert) for alert in defined}


def test_every_public_state_and_both_flags_have_their_section():
    assert len(states()) == 9
    assert [name for name in [*states(), *FLAGS] if name not in SECTIONS] == []


@pytest.mark.parametrize("name", [*ALERTS, *states(), *FLAGS])
def test_a_section_says_what_is_seen_what_drd_does_what_to_do_and_how_to_undo_it(name):
    told = re.findall(r"^\*\*(.+?)\.\*\*", SECTIONS[name], re.MULTILINE)
    assert told == PARTS
    for part, said in zip(PARTS, re.split(r"^\*\*.+?\.\*\*", SECTIONS[name], flags=re.MULTILINE)[1:], strict=True):
        assert len(said.split()) >= 1, f"{name}: {part} says nothing"


def test_every_link_leads_somewhere():
    anchors = {runbook.anchor(heading) for heading in runbook.headings(PAGE)}
    assert len(anchors) == len(runbook.headings(PAGE)), "two headings have one anchor"
    assert [link for link in runbook.LINK.findall(PAGE) if link not in anchors] == []


def test_the_page_is_full_of_commands():
    assert len(COMMANDS) > 30
    assert {("rds", "failover-global-cluster"), ("s3api", "put-object")} <= {tuple(c[:2]) for c in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS, ids=[f"{n}-{' '.join(c[:2])}" for n, c in enumerate(COMMANDS)])
def test_every_aws_command_exists_with_its_options_and_has_what_it_must(command):
    service, operation, *words = command
    options = {word.removeprefix("--") for word in words if word.startswith("--")}
    if (service, operation) in CUSTOM:
        return
    model = botocore.session.get_session().get_service_model(SERVICE.get(service, service))
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in operations, f"aws {service} has no {operation}"
    shape = model.operation_model(operations[operation]).input_shape
    members = {xform_name(name, "-"): name for name in shape.members}
    flags = {option.removeprefix("no-") for option in options - EVERYWHERE}
    assert flags <= set(members), f"aws {service} {operation}: {flags - set(members)}"
    needed = {xform_name(name, "-") for name in shape.required_members}
    assert needed <= flags or "cli-input-json" in options, f"aws {service} {operation} lacks {needed - flags}"
    if service not in ANYWHERE:
        assert "region" in options, f"aws {service} {operation}: in which region?"


def test_roles_are_changed_in_the_region_that_aws_wants():
    """Failover at the new writer's, switchover at the old one's (Aurora User Guide, disaster recovery)."""
    region = {c[1]: c[c.index("--region") + 1] for c in COMMANDS if c[0] == "rds" and "global-cluster" in c[1]}
    assert region["failover-global-cluster"] == "$TO_REGION"
    assert region["switchover-global-cluster"] == "$FROM_REGION"
    (failover,) = [c for c in COMMANDS if c[1] == "failover-global-cluster"]
    assert "--allow-data-loss" in failover, "without it AWS takes it for a switchover"
    assert not [c for c in COMMANDS if c[1] in ("remove-from-global-cluster", "delete-global-cluster")]


def test_every_move_of_the_latch_has_its_condition():
    puts = [c for c in COMMANDS if c[:2] == ["s3api", "put-object"]]
    removals = [c for c in COMMANDS if c[:2] == ["s3api", "delete-object"]]
    assert puts and all("--if-none-match" in c for c in puts)
    assert removals and all("--if-match" in c for c in removals)


def test_the_names_in_the_page_are_those_that_bootstrap_gives():
    templates = "".join(p.read_text() for p in Path(ROOT / "bootstrap/templates").glob("*.yaml"))
    for kind in ("global-aurora-", "bucket-latch-standby-", "table-ledger-", "bus-", "cluster-daemon-", "service-daemon-",
                 "task-daemon-", "/drd/daemon-", "alarm-health-primary-", "alarm-lambda-lag-", "bucket-config-", "role-daemon-"):
        assert kind in PAGE, kind
        # Some have the side in the middle.
        assert re.search(rf"{re.escape(kind)}(?:\$\{{Role\}}-)?\$\{{Suffix\}}", templates), kind


def test_the_variables_in_the_page_are_ones_that_drd_takes():
    said = dict(re.findall(r"^(DRD_\w+)=(\S+)$", PAGE, re.MULTILINE))
    assert len(said) == 2
    command = [binary(), "config", "check", ROOT / "tests/fixtures/config/shop1.toml"]
    answer = subprocess.run(command, env={"PATH": os.environ["PATH"], **said}, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    unknown = subprocess.run(command, env={"PATH": os.environ["PATH"], f"{next(iter(said))}X": "advise"}, capture_output=True)
    assert unknown.returncode == 2
