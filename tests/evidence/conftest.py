"""Runs the binary under test, and makes the bundles that the tests change.

Deliberately absent: any code of drd's. The binary is named by `DRD_BIN`.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


BINARY = os.environ.get("DRD_BIN") or str(ROOT / "target/release/drd")


def run(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=120)


def drd(*words: str, expect: int = 0) -> str:
    """What it printed: data, or with another exit code than 0 why."""
    done = run(*words)
    assert done.returncode == expect, f"drd {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout if expect == 0 else done.stderr


def rehearsed(scenario: str, folder: Path) -> str:
    """The JSON of a rehearsal, whose bundle is in the folder; 6 is one that missed an objective as expected."""
    words = ["gameday", "run", scenario, "-o", "json", "--report", str(folder) + "-report", "--evidence", str(folder)]
    done = run(*words)
    assert done.returncode in (0, 6), done
    return done.stdout


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> dict[str, Path]:
    """A bundle of a rehearsal, and one of a run that is made of the first one's ledger."""
    folder = tmp_path_factory.mktemp("evidence")
    bundles = {"rehearsal": folder / "rehearsal", "run": folder / "run"}
    rehearsed("region-dark", bundles["rehearsal"])
    ledger = str(bundles["rehearsal"] / "ledger.jsonl")
    drd("report", "1", "--ledger", ledger, "--evidence", str(bundles["run"]))
    return bundles


@pytest.fixture
def copy(made, tmp_path):
    """A copy of a bundle to change, by its kind."""

    def of(kind: str) -> Path:
        return Path(shutil.copytree(made[kind], tmp_path / kind))

    return of
