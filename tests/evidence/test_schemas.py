"""What drd prints for programs is what `deploy/schemas` describes, and each schema's example is one.

Deliberately absent: command and reply; the daemon's own tests read those.
"""

import json
import subprocess
import time
from pathlib import Path

import pytest
from conftest import BINARY, ROOT, drd, rehearsed
from jsonschema import Draft202012Validator, FormatChecker

SCHEMAS = sorted((ROOT / "deploy" / "schemas").glob("*.json"))
# A demonstration is armed within 20 s on an idle host; the rest is for a loaded one.
ARMED_WITHIN_SECONDS = 90


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((ROOT / "deploy" / "schemas" / f"{name}.json").read_text())
    return Draft202012Validator(schema, format_checker=FormatChecker())


def faults(name: str, value: object) -> list[str]:
    return [f"{fault.json_path}: {fault.message}" for fault in validator(name).iter_errors(value)]


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_a_schema_is_one_and_its_examples_are_of_it(path):
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"drd.{path.stem}/1.0"
    assert schema["examples"]
    for example in schema["examples"]:
        assert faults(path.stem, example) == []


def test_there_is_a_schema_for_everything_that_this_build_prints():
    names = {path.stem for path in SCHEMAS}
    assert {"status", "history", "report", "evidence", "command", "reply"} <= names


def spoilt(value: dict):
    """The same without each of its members, and with one that nobody knows."""
    for key in value:
        yield key, {k: v for k, v in value.items() if k != key}
    yield "unknown", {**value, "unknown": 1}


@pytest.mark.parametrize("name", ["history", "evidence", "report"])
def test_a_schema_misses_what_is_missing_and_refuses_what_is_unknown(name):
    optional = {"provenance"} if name == "report" else set()
    for example in json.loads((ROOT / "deploy" / "schemas" / f"{name}.json").read_text())["examples"]:
        for key, value in spoilt(example):
            assert bool(faults(name, value)) != (key in optional), key


def test_histories_reports_and_evidence_are_of_their_schemas(made, tmp_path):
    for folder in made.values():
        assert faults("evidence", json.loads((folder / "evidence.json").read_text())) == []
        assert faults("report", json.loads((folder / "report.json").read_text())) == []
    for scenario in ["region-dark", "promotion-denied", "paused", "operator-switches-over", "blip-of-43-seconds"]:
        kept = tmp_path / scenario
        assert faults("report", json.loads(rehearsed(scenario, kept))) == []
        ledger = str(kept / "ledger.jsonl")
        history = json.loads(drd("history", "--ledger", ledger, "-o", "json"))
        assert faults("history", history) == []
        for run in history["runs"]:
            report = drd("report", str(run["run"]), "--ledger", ledger, "--format", "json")
            assert faults("report", json.loads(report)) == []


def test_the_status_of_a_running_daemon_is_of_its_schema(tmp_path):
    words = [BINARY, "demo", "--dir", str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as demo:
        try:
            status = armed(tmp_path / "drd.toml")
            assert faults("status", status) == []
            drd("pause", "--config", str(tmp_path / "drd.toml"), "--reason", "a test")
            paused = json.loads(drd("status", "--config", str(tmp_path / "drd.toml"), "-o", "json"))
            assert faults("status", paused) == []
            assert "paused_until" in paused
        finally:
            demo.communicate(b"quit\n", timeout=60)
    history = json.loads(drd("history", "--ledger", str(tmp_path / "ledger.jsonl"), "-o", "json"))
    assert faults("history", history) == []
    assert history["ledger"]["simulated"], "a demonstration's ledger is never taken for a real one's"
    assert history["pauses"][0]["by"]["why"] == "a test"


def armed(config: Path) -> dict:
    until = time.monotonic() + ARMED_WITHIN_SECONDS
    while time.monotonic() < until:
        try:
            status = json.loads(drd("status", "--config", str(config), "-o", "json"))
        except AssertionError:
            status = {}
        if status.get("armed"):
            return status
        time.sleep(0.5)
    pytest.fail("the demonstration did not arm itself")
