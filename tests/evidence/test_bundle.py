"""Two programs that share no code verify the same bundles, and name the same file when one byte of it changes.

Deliberately absent: what a report contains (tests/lab).
"""

import json
from pathlib import Path

import pytest
import verify
from conftest import drd

FILES = ["evidence.json", "ledger.jsonl", "manifest.json", "report.html", "report.json", "report.md", "setup.json"]
KINDS = ["rehearsal", "run"]
# Enough to hit names, figures and hashes of the manifest, whose own hash alone then shows it.
PLACES = 12


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def named_by_both(folder: Path) -> set[str]:
    """The files that this script blames; drd must blame the same ones."""
    found, _ = verify.faults(folder)
    names = {name for name, _ in found}
    refused = drd("evidence", "verify", str(folder), expect=1)
    for name in names:
        assert f"\n  {name}: " in refused, refused
    assert refused.count("\n  ") == len(found), refused
    return names


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_as_it_was_written_is_whole_for_both(made, kind):
    folder = made[kind]
    assert sorted(path.name for path in folder.iterdir()) == FILES
    found, whole = verify.faults(folder)
    assert found == []
    shown = drd("evidence", "verify", str(folder))
    head = whole.rsplit(" ", 1)[1]
    assert head in shown and "is whole" in shown


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FILES)
def test_one_flipped_byte_of_any_file_is_named_by_both(copy, kind, name):
    folder = copy(kind)
    path = folder / name
    whole = path.read_bytes()
    for place in [*range(0, len(whole), len(whole) // PLACES + 1), len(whole) - 1]:
        flip(path, place)
        assert named_by_both(folder) == {name}, place
        path.write_bytes(whole)
    assert verify.faults(folder)[0] == []


def test_a_missing_file_and_one_too_many_are_named_by_both(copy):
    folder = copy("run")
    (folder / "report.md").unlink()
    (folder / "more.txt").write_text("added later")
    assert named_by_both(folder) == {"report.md", "more.txt"}


def sealed(folder: Path) -> None:
    """Writes the manifest anew, as somebody would who forges a bundle."""
    files = [
        {"name": name, "bytes": len(data), "sha256": verify.sha256(data)}
        for name in FILES
        if name != "manifest.json"
        for data in [(folder / name).read_bytes()]
    ]
    body = json.dumps({"schema": "drd.manifest/1.0", "files": files}, indent=2).removesuffix("\n}")
    (folder / "manifest.json").write_text(f'{body},\n  "hash": "{verify.sha256(body.encode())}"\n}}\n')


def test_a_ledger_whose_line_was_changed_under_a_new_manifest_has_a_broken_chain(copy):
    folder = copy("run")
    ledger = folder / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    del lines[5]
    ledger.write_bytes(b"".join(lines))
    sealed(folder)
    assert named_by_both(folder) == {"ledger.jsonl"}


def test_a_line_that_was_changed_and_sealed_anew_is_not_followed_by_the_next(copy):
    folder = copy("run")
    ledger = folder / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines()
    body, _, _ = lines[5].rpartition(b',"hash":"')
    body = body.replace(b"healthy", b"unknown", 1)
    lines[5] = body + f',"hash":"{verify.sha256(body)}"}}'.encode()
    ledger.write_bytes(b"\n".join(lines) + b"\n")
    sealed(folder)
    assert named_by_both(folder) == {"ledger.jsonl"}
    assert "line 7" in verify.faults(folder)[0][0][1]


def test_a_report_that_the_ledger_does_not_lead_to_is_refused_under_a_new_manifest(copy):
    folder = copy("run")
    report = folder / "report.md"
    report.write_text(report.read_text().replace("300 s: met", "300 s: met easily"))
    sealed(folder)
    assert verify.faults(folder)[0] == []
    refused = drd("evidence", "verify", str(folder), expect=1)
    assert "\n  report.md: ledger.jsonl does not lead to this report" in refused


def test_the_script_runs_alone(made, tmp_path):
    import subprocess
    import sys

    words = [sys.executable, "-I", verify.__file__, str(made["run"])]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith("whole: 7 files"), done


def test_evidence_is_never_written_over(copy):
    folder = copy("run")
    ledger = str(folder / "ledger.jsonl")
    refused = drd("report", "1", "--ledger", ledger, "--evidence", str(folder), expect=1)
    assert "is not empty" in refused
    assert verify.faults(folder)[0] == []
