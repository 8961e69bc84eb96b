"""How the sample application gets onto an instance: the launch template's own script, run with made-up programs.

Deliberately absent: systemd and a real Amazon Linux. What of it the application relies on (Python 3.9, bash, the
AWS CLI) is held here by name.
"""

import ast
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "bootstrap" / "app"
TEMPLATE = ROOT / "bootstrap" / "templates" / "app.yaml"
FILES = {path.name for path in APP.iterdir() if path.is_file()}
GIVEN = {
    "AWS::Region": "eu-central-2",
    "Role": "standby",
    "Suffix": "t1",
    "ArtefactBucket": "bucket",
    "ArtefactKey": "app/1",
    "WriterEndpoint": "writer",
    "ReaderEndpoint": "reader",
    "DatabasePort": "5432",
    "DatabaseName": "trading",
}
# The first fetch of each file fails: a launch must not depend on a first try. The bucket holds no bundle.
PROGRAMS = {
    "aws": """
        from=${@: -2:1} to=${@: -1}
        case "$from" in *rds-ca.pem) exit 1 ;; esac
        [ -e "$to.seen" ] || { touch "$to.seen"; exit 1; }
        echo "$from" >> ROOT/asked
        cp "APP/${from##*/}" "$to"
    """,
    "curl": 'echo "${@: -1}" > "${@: -2:1}"',
    "systemctl": 'echo "$*" >> ROOT/systemctl',
    "useradd": "exit 0",
    "sleep": "exit 0",
}


def user_data(folder: Path) -> str:
    """The script with its parameters filled in, and with its files below `folder`."""
    script = re.search(r"Fn::Base64: !Sub \|\n(.*?)\n {8}TagSp", TEMPLATE.read_text(), re.S)[1]
    script = re.sub(r"\$\{(.+?)\}", lambda name: GIVEN[name[1]], textwrap.dedent(script))
    return re.sub("(/opt/|/etc/)", rf"{folder}\1", script)


class Instance:
    """A folder that the script took for a machine."""

    def __init__(self, folder: Path):
        self.folder, self.home = folder, folder / "opt/drd-sample"
        self.unit = folder / "etc/systemd/system/drd-sample.service"
        self.unit.parent.mkdir(parents=True)
        stubs = folder / "bin"
        stubs.mkdir()
        for name, body in PROGRAMS.items():
            body = textwrap.dedent(body).replace("ROOT", str(folder)).replace("APP", str(APP))
            (stubs / name).write_text(f"#!/bin/bash\n{body}\n")
            (stubs / name).chmod(0o755)
        done = subprocess.run(
            ["bash", "-c", user_data(folder)],
            env={"PATH": f"{stubs}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr

    def settings(self) -> dict[str, str]:
        lines = (self.folder / "etc/drd-sample.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture(scope="module")
def instance(tmp_path_factory) -> Instance:
    return Instance(tmp_path_factory.mktemp("instance"))


def test_every_file_of_the_application_is_fetched_even_if_the_first_try_fails(instance):
    fetched = {path.name for path in instance.home.iterdir() if path.suffix != ".seen"}
    assert fetched == FILES | {"rds-ca.pem"}
    assert set((instance.folder / "asked").read_text().split()) == {f"s3://bucket/app/1/{name}" for name in FILES}
    assert all((instance.home / name).read_bytes() == (APP / name).read_bytes() for name in FILES)


def test_the_authorities_of_the_own_region_are_fetched_when_the_bucket_has_none(instance):
    bundle = (instance.home / "rds-ca.pem").read_text().strip()
    assert bundle == "https://truststore.pki.rds.amazonaws.com/eu-central-2/eu-central-2-bundle.pem"


def test_the_service_is_installed_and_started(instance):
    said = (instance.folder / "systemctl").read_text().splitlines()
    assert said == ["daemon-reload", "enable --now drd-sample.service"]
    unit = instance.unit.read_text()
    assert "/opt/drd-sample/server.py" in unit and "EnvironmentFile=/etc/drd-sample.env" in unit


def test_the_settings_hold_all_that_the_application_asks_for(instance):
    asked = set(re.findall(r'env\["([A-Z_]+)"\]', (APP / "server.py").read_text()))
    assert len(asked) >= 8 and asked <= instance.settings().keys()
    assert instance.settings()["DATABASE_CA"] == str(instance.home / "rds-ca.pem")


def test_the_load_balancer_asks_where_the_application_listens(instance):
    port = instance.settings()["LISTEN"].rpartition(":")[2]
    assert re.findall(r"^ {6}Port: (\d{4})$", TEMPLATE.read_text(), re.M) == [port]


@pytest.mark.parametrize("name", ["server.py", "postgres.py"])
def test_the_application_needs_nothing_newer_than_amazon_linux_brings(name):
    source = (APP / name).read_text()
    ast.parse(source, feature_version=(3, 9))
    imports = set(re.findall(r"^(?:import|from) (\w+)", source, re.M))
    assert imports <= sys.stdlib_module_names | {"postgres", "__future__"}
