#!/usr/bin/env python3
"""Verifies a bundle of evidence and the chain of its ledger without any code of drd: `verify.py DIR`.

Needs Python 3.11 and nothing else, so that an auditor can read all of it. Prints one line for each fault, beginning with
the file's name, and exits with 1; prints what is whole and exits with 0.

Deliberately absent: making the report again. `drd evidence verify` does that; this proves only that nothing was changed.
"""

import hashlib
import json
import sys
from pathlib import Path

MANIFEST = "manifest.json"
LEDGER = "ledger.jsonl"
GENESIS = "0" * 64


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def unsealed(data: bytes) -> list[dict]:
    """The files that a manifest names. Its last member is the hash of everything before it."""
    body, mark, tail = data.rpartition(b',\n  "hash": "')
    if not mark or tail != sha256(body).encode() + b'"\n}\n':
        raise ValueError("its own hash does not fit its bytes")
    return json.loads(data)["files"]


def file_faults(folder: Path, files: list[dict]):
    for file in files:
        name = file["name"]
        if Path(name).name != name:
            yield name, "it is named outside of the folder"
            continue
        path = folder / name
        if not path.is_file():
            yield name, "it is missing"
            continue
        data = path.read_bytes()
        if len(data) != file["bytes"] or sha256(data) != file["sha256"]:
            yield name, "its bytes are not the ones that were written"
    named = {file["name"] for file in files} | {MANIFEST}
    for path in sorted(folder.iterdir()):
        if path.name not in named:
            yield path.name, "it is not in the manifest"


def chain(data: bytes) -> tuple[int, str]:
    """The number of lines and the newest hash. A line ends in the hash of everything before that field."""
    if not data.endswith(b"\n"):
        raise ValueError("its last line is torn")
    head = GENESIS
    lines = data[:-1].split(b"\n")
    for number, line in enumerate(lines, start=1):
        body, mark, tail = line.rpartition(b',"hash":"')
        digest = sha256(body)
        if not mark or tail != digest.encode() + b'"}':
            raise ValueError(f"line {number}: its hash does not fit its bytes")
        entry = json.loads(line)
        if entry["seq"] != number or entry["prev"] != head:
            raise ValueError(f"line {number}: it does not follow the line before it")
        head = digest
    return len(lines), head


def contradictions(folder: Path, head: str):
    """Where files of a bundle do not agree with each other."""
    evidence = json.loads((folder / "evidence.json").read_bytes())
    report = json.loads((folder / "report.json").read_bytes())
    if evidence["provenance"]["setup_sha256"] != sha256((folder / "setup.json").read_bytes()):
        yield "setup.json", "its hash is not the one in evidence.json"
    if report.get("provenance") != evidence["provenance"]:
        yield "report.json", "it was made by somebody else than evidence.json"
    if report["kind"] == "run" and report["ledger"]["head"] != head:
        yield "report.json", "it is of another ledger"


def faults(folder: Path) -> tuple[list[tuple[str, str]], str]:
    """What is wrong, and what is whole."""
    try:
        files = unsealed((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, KeyError) as error:
        return [(MANIFEST, str(error))], ""
    found = list(file_faults(folder, files))
    if found:
        return found, ""
    try:
        lines, head = chain((folder / LEDGER).read_bytes())
    except (OSError, ValueError, KeyError) as error:
        return [(LEDGER, str(error))], ""
    return list(contradictions(folder, head)), f"{len(files) + 1} files, {lines} lines, newest hash {head}"


def main() -> int:
    found, whole = faults(Path(sys.argv[1]))
    for name, what in found:
        print(f"{name}: {what}")
    if not found:
        print(f"whole: {whole}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
