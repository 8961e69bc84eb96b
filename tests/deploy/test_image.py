"""deploy/Dockerfile: what hadolint says, and what a machine without an engine can know of the image.

Deliberately absent: the running container (test_container.py).
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import dockerfile
import ecs
import pytest
from daemon import binary
from dockerfile import ROOT, listed

BUILD, IMAGE = dockerfile.read()
PINNED = re.compile(r"^[a-z0-9./-]+:[a-z0-9.-]+@sha256:[0-9a-f]{64}$")
LABELS = ["title", "description", "licenses", "version", "revision", "base.name"]
# What gcr.io/distroless/cc-debian12 has (its README): glibc, libgcc, libstdc++, openssl.
IN_THE_BASE = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1",
               "libssl.so.3", "libcrypto.so.3", "ld-linux-x86-64.so.2", "linux-vdso.so.1"}


def hadolint(path: Path) -> subprocess.CompletedProcess:
    tool = Path(sys.executable).with_name("hadolint")  # of the wheel that requirements.txt pins
    labels = [f"--require-label=org.opencontainers.image.{name}:text" for name in LABELS]
    return subprocess.run([tool, "--no-color", "--failure-threshold", "style", "--trusted-registry", "docker.io",
                           "--trusted-registry", "gcr.io", *labels, path], capture_output=True, text=True)


def test_hadolint_finds_nothing():
    answer = hadolint(dockerfile.FILE)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(("what", "instead", "code"), [
    ("USER 65532:65532", "USER root", "DL3002"), (r":1\.95\.0-slim-bookworm@sha256:\w+", ":latest", "DL3007"),
    (r"ENTRYPOINT \[.*\]", "ENTRYPOINT drd", "DL3025"), ('title="drd"', 'name="drd"', "DL3049"),
    (r"FROM gcr\.io/", "FROM example.com/", "DL3026")])
def test_hadolint_finds_a_planted_fault(tmp_path, what, instead, code):
    text, changed = re.subn(what, instead, dockerfile.FILE.read_text())
    assert changed == 1
    planted = tmp_path / "Dockerfile"
    planted.write_text(text)
    answer = hadolint(planted)
    assert answer.returncode != 0 and code in answer.stdout, answer.stdout


def test_both_bases_are_pinned_by_tag_and_digest():
    for stage in (BUILD, IMAGE):
        assert PINNED.match(stage.base), stage.base
    assert "bookworm" in BUILD.base and "debian12" in IMAGE.base, "the two glibcs must be one"


def test_the_image_runs_as_nobody_and_needs_no_shell():
    assert IMAGE.all("RUN") == [], "the last stage has no shell"
    user, group = map(int, IMAGE.only("USER").split(":"))
    assert user > 0 and group > 0
    assert IMAGE.only("STOPSIGNAL") == "SIGTERM"
    entry, words = listed(IMAGE.only("ENTRYPOINT")), listed(IMAGE.only("CMD"))
    assert (entry, words) == (["/usr/local/bin/drd"], ["run"])
    assert listed(IMAGE.only("VOLUME")) == ["/var/lib/drd"]
    assert IMAGE.all("EXPOSE") == [] and IMAGE.all("ENV") == []


def test_the_health_check_of_the_image_is_that_of_the_task():
    options, command = IMAGE.only("HEALTHCHECK").split(" CMD ")
    said = dict(option.removeprefix("--").split("=") for option in options.split())
    task = ecs.written("task-definition.json")["containerDefinitions"][0]
    check, user = task["healthCheck"], task["user"]
    assert ["CMD", *listed(command)] == check["command"]
    assert said == {"interval": f"{check['interval']}s", "timeout": f"{check['timeout']}s",
                    "start-period": f"{check['startPeriod']}s", "retries": str(check["retries"])}
    assert IMAGE.only("USER") == user
    state = next(c for c in IMAGE.copies() if c[2] == "/var/lib/drd")
    assert state[0]["chown"] == user, "Fargate gives the mount the owner that the image says"


def test_the_version_is_the_crates():
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert f"VERSION={version}" in IMAGE.all("ARG")
    assert ecs.EXAMPLE["DaemonImage"].endswith(f":{version}")


def test_the_build_is_locked_and_keeps_its_caches_out_of_the_image():
    (run,) = BUILD.all("RUN")
    assert "cargo build --release --locked" in run and run.count("--mount=type=cache") == 2


def copied() -> list[str]:
    return [source for options, sources, _ in BUILD.copies() if "from" not in options for source in sources]


def test_the_context_is_what_the_build_copies_and_nothing_else():
    rules = (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines()
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    assert rules[0] == "*" and sorted(rule.removeprefix("!") for rule in rules[1:]) == sorted(copied())


def test_cargo_finds_all_that_it_needs_in_the_context(tmp_path):
    for source in copied():
        whole = ROOT / source
        (shutil.copytree if whole.is_dir() else shutil.copy2)(whole, tmp_path / source)
    command = ["cargo", "metadata", "--offline", "--locked", "--no-deps", "--format-version", "1"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    # A file that is compiled in must be there as well; unit tests, at a file's end or in one of their own, are not built.
    for path in (p for source in ("src", "bootstrap", "state-machine") for p in (tmp_path / source).rglob("*.rs")):
        if "tests" in path.relative_to(tmp_path).parts or path.name == "tests.rs":
            continue
        code = path.read_text().split("#[cfg(test)]")[0]
        for name in re.findall(r'include_(?:str|bytes)!\(\s*"([^"]+)"', code):
            assert (path.parent / name).resolve().is_relative_to(tmp_path) and (path.parent / name).is_file(), f"{path}: {name}"


def test_the_binary_needs_no_library_that_the_base_lacks():
    listing = subprocess.run(["ldd", binary()], capture_output=True, text=True, check=True).stdout
    needed = {Path(line.split()[0]).name for line in listing.splitlines()}
    assert "libc.so.6" in needed and needed <= IN_THE_BASE
