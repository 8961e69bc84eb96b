"""Runs the binary under test, and makes the bundles that the tests change.

Deliberately absent: any code of drd's. The binary is named by `DRD_BIN`.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def drd(*words: str, expect: int = 0) -> str:
    """What it printed. `expect` is the exit code."""
    binary = os.environ.get("DRD_BIN") or str(ROOT / "target/release/drd")
    done = subprocess.run([binary, *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == expect, f"drd {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout if expect == 0 else done.stderr


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> dict[str, Path]:
    """A bundle of a rehearsal, and one of a run that is made of the first one's ledger."""
    folder = tmp_path_factory.mktemp("evidence")
    rehearsal, run = folder / "rehearsal", folder / "run"
    drd("gameday", "run", "region-dark", "--report", str(folder / "report"), "--evidence", str(rehearsal))
    ledger = str(rehearsal / "ledger.jsonl")
    drd("report", "1", "--ledger", ledger, "--evidence", str(run))
    return {"rehearsal": rehearsal, "run": run}


@pytest.fixture
def copy(made, tmp_path):
    """A copy of a bundle to change, by its kind."""

    def of(kind: str) -> Path:
        return Path(shutil.copytree(made[kind], tmp_path / kind))

    return of
