"""deploy/systemd as systemd's own judges see it. They know every key of this host's systemd, and warn with exit code 0.

Deliberately absent: whether drd runs under it (test_limits.py without a systemd, test_pid1.py with one).
"""

import re
import subprocess

import pytest
import unit
from daemon import binary
from tools import need

EXPOSURE_TENTHS_MAX = 15
STOP_SECONDS = 20  # STOP_MAX in src/engine/mod.rs: what the daemon itself takes to stop
REPORTED = re.compile(r"→ Overall exposure level for drd.service: ([\d.]+)")


@pytest.fixture
def analyze():
    tool = need("systemd-analyze", "apt-get install systemd")
    return lambda *words: subprocess.run([tool, *map(str, words)], capture_output=True, text=True, timeout=60)


def installed(folder, text: str):
    """The unit with the binary where it is on this machine: `verify` wants to see it."""
    copy = folder / "drd.service"
    copy.write_text(text.replace(unit.BINARY, str(binary())))
    return copy


def test_systemd_finds_nothing_to_say_about_the_unit(analyze, tmp_path):
    judged = analyze("verify", installed(tmp_path, unit.UNIT.read_text()))
    assert (judged.returncode, judged.stdout, judged.stderr) == (0, "", "")


def test_a_key_that_this_systemd_does_not_know_is_noticed_though_verify_exits_with_0(analyze, tmp_path):
    younger = unit.UNIT.read_text().replace("RestartSec=2", "RestartSec=2\nRestartSteps=3\nRestartMaxDelaySec=9x")
    judged = analyze("verify", installed(tmp_path, younger))
    assert judged.returncode != 0 or judged.stderr != ""


def test_the_unit_exposes_as_little_as_it_says(analyze):
    judged = analyze("security", "--offline=yes", f"--threshold={EXPOSURE_TENTHS_MAX}", unit.UNIT)
    exposure = REPORTED.search(judged.stdout)[1]
    print(f"exposure {exposure}")
    assert (judged.returncode, judged.stderr) == (0, ""), judged.stdout
    assert float(exposure) * 10 <= EXPOSURE_TENTHS_MAX


@pytest.mark.parametrize("line", ["CapabilityBoundingSet=", "SystemCallFilter=@system-service", "ProtectHome=yes"])
def test_the_judge_of_exposure_notices_a_missing_line(analyze, tmp_path, line):
    text = unit.UNIT.read_text()
    assert f"\n{line}\n" in text
    weaker = tmp_path / "drd.service"
    weaker.write_text(text.replace(f"\n{line}\n", "\n"))
    scores = [float(REPORTED.search(analyze("security", "--offline=yes", path).stdout)[1])
              for path in (unit.UNIT, weaker)]
    assert scores[1] > scores[0]


def test_a_stop_has_more_time_than_the_daemon_takes_and_a_daemon_that_ends_is_started_again():
    assert unit.seconds("TimeoutStopSec") > STOP_SECONDS
    assert (unit.says("Type"), unit.says("NotifyAccess"), unit.says("Restart")) == ("notify", "main", "always")
    assert unit.seconds("StartLimitIntervalSec") == 0, "systemd would give up"
    assert unit.seconds("RestartSec") >= 1, "a hot loop"
    assert unit.says("RestartPreventExitStatus") == "2"
    assert {"network-online.target"} <= set(unit.says("After").split()) & set(unit.says("Wants").split())


def test_the_daemon_stops_within_what_this_test_assumes():
    source = (unit.DEPLOY.parent / "src/engine/mod.rs").read_text()
    assert f"STOP_MAX: Span = Span::secs({STOP_SECONDS})" in source


def test_journalctl_reads_the_catalogue(tmp_path):
    journalctl = need("journalctl", "apt-get install systemd")
    folder = tmp_path / "usr/lib/systemd/catalog"
    folder.mkdir(parents=True)
    (tmp_path / "var/lib/systemd/catalog").mkdir(parents=True)
    (folder / "drd.catalog").write_text(unit.CATALOGUE.read_text())
    at = ["--root", str(tmp_path)]
    made = subprocess.run([journalctl, *at, "--update-catalog"], capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, ""), made
    listed = subprocess.run([journalctl, *at, "--list-catalog"], capture_output=True, text=True, check=True).stdout
    entries = re.findall(r"^-- ([0-9a-f]{32})$", unit.CATALOGUE.read_text(), re.M)
    assert len(entries) == 15 and all(entry in listed for entry in entries), listed
