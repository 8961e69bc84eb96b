"""Writes the bill of materials, CycloneDX 1.5 as JSON: every crate that the shipped binary is linked from.

    python3 tests/supply-chain/sbom.py FILE

From `cargo metadata` and Cargo.lock alone, so that it is the same on every machine. Deliberately absent: crates that
only tests use, and hashes of what a crate was built into.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

TARGET = "x86_64-unknown-linux-gnu"
LOCKED = re.compile(r'^name = "(.+)"\nversion = "(.+)"\nsource = "(.+)"\nchecksum = "(.+)"$', re.MULTILINE)


def metadata() -> dict:
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", TARGET]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def shipped(found: dict) -> set[str]:
    """Ids of what the binary is built from: reached without a dev-dependency."""
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    start = next(p["id"] for p in found["packages"] if p["name"] == "drd")
    seen, waiting = set(), [start]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        for dep in nodes[here]["deps"]:
            if any(kind["kind"] != "dev" for kind in dep["dep_kinds"]):
                waiting.append(dep["pkg"])
    return seen


def component(package: dict, checksums: dict) -> dict:
    name, version = package["name"], package["version"]
    made = {"type": "library", "bom-ref": f"pkg:cargo/{name}@{version}", "name": name, "version": version,
            "purl": f"pkg:cargo/{name}@{version}", "scope": "required"}
    if package["license"]:
        made["licenses"] = [{"expression": re.sub(r"\s*/\s*", " OR ", package["license"])}]
    if (name, version) in checksums:
        made["hashes"] = [{"alg": "SHA-256", "content": checksums[name, version]}]
    return made


def bill(found: dict, lock: str) -> dict:
    checksums = {(name, version): checksum for name, version, _, checksum in LOCKED.findall(lock)}
    ids = shipped(found)
    packages = sorted((p for p in found["packages"] if p["id"] in ids), key=lambda p: (p["name"], p["version"]))
    drd = next(p for p in packages if p["name"] == "drd")
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
            "metadata": {"component": component(drd, checksums) | {"type": "application"}},
            "components": [component(p, checksums) for p in packages if p is not drd]}


def main() -> None:
    made = bill(metadata(), Path("Cargo.lock").read_text())
    foreign = [c["name"] for c in made["components"] if "hashes" not in c and not c["name"].startswith("drd-")]
    if foreign:
        sys.exit(f"sbom: without a checksum in Cargo.lock: {', '.join(foreign)}")
    Path(sys.argv[1]).write_text(json.dumps(made, indent=1) + "\n")
    print(f"supply-chain: {len(made['components'])} components in {sys.argv[1]}")


if __name__ == "__main__":
    main()
