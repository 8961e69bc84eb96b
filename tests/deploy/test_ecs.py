"""deploy/ecs against the template, against ECS's own model, and against what drd needs of whoever runs it.

    UPDATE_ECS=1 python -m pytest tests/deploy/test_ecs.py -n 0      writes the files anew from the template

Deliberately absent: ECS itself. What a container of this task does is in test_container.py.
"""

import os
import re

import botocore.session
import ecs
import pytest
from botocore.validate import ParamValidator
from functions import ROOT

# What a Fargate task may ask for (ECS API reference: RegisterTaskDefinition, HealthCheck, ContainerRestartPolicy).
STOP_MAX, RESTART_MIN = 120, 60
# A ledger line in a table may take four attempts of 2 s with pauses of 0.35 s (src/ledger/table.rs), the lease is given
# up in one more attempt: both beside the 20 s in which a stop waits for what is under way.
LINE_SECONDS, GIVE_UP_SECONDS = 9, 2
FILES = sorted(ecs.wanted())


@pytest.fixture(scope="module", autouse=True)
def updated():
    if os.environ.get("UPDATE_ECS"):
        ecs.write()


def container(task: dict) -> dict:
    (only,) = task["containerDefinitions"]
    return only


def seconds(path: str, constant: str) -> int:
    """A constant of drd's own code, in seconds."""
    found = re.search(rf"{constant}: (?:Duration|Span) = (?:Duration::from_secs|Span::secs)\((\d+)\)", (ROOT / path).read_text())
    assert found, f"{constant} is not in {path}"
    return int(found[1])


@pytest.mark.parametrize("name", FILES)
def test_each_file_says_what_the_template_says(name):
    assert ecs.written(name) == ecs.wanted()[name], f"{name}: change bootstrap/templates/daemon.yaml, then UPDATE_ECS=1"


def test_no_file_of_the_folder_is_left_out():
    assert sorted(p.name for p in ecs.FOLDER.glob("*.json")) == FILES


@pytest.mark.parametrize(("name", "operation"), [
    ("task-definition.json", "RegisterTaskDefinition"), ("service.json", "CreateService")])
def test_the_files_are_what_the_command_line_takes(name, operation):
    model = botocore.session.get_session().get_service_model("ecs").operation_model(operation)
    report = ParamValidator().validate(ecs.written(name), model.input_shape)
    assert not report.has_errors(), report.generate_report()


def test_the_task_can_do_nothing_but_run_drd():
    task = ecs.written("task-definition.json")
    drd = container(task)
    assert drd["readonlyRootFilesystem"] and not drd["privileged"] and drd["essential"]
    assert int(drd["user"].split(":")[0]) > 0 and int(drd["user"].split(":")[1]) > 0
    assert drd["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
    assert [m["containerPath"] for m in drd["mountPoints"] if not m["readOnly"]] == ["/var/lib/drd"]
    assert "secrets" not in drd and "portMappings" not in drd and "dependsOn" not in drd
    assert [e["name"] for e in drd["environment"]] == ["AWS_REGION", "AWS_STS_REGIONAL_ENDPOINTS", "DRD_HTTP__LISTEN"]
    assert task["requiresCompatibilities"] == ["FARGATE"] and task["networkMode"] == "awsvpc"


def test_a_stop_has_time_for_what_drd_does_before_it_ends():
    stop = container(ecs.written("task-definition.json"))["stopTimeout"]
    needed = seconds("src/engine/mod.rs", "STOP_MAX") + LINE_SECONDS + GIVE_UP_SECONDS
    assert needed < stop <= STOP_MAX


def test_a_daemon_that_hangs_is_replaced_and_one_that_is_slow_is_not():
    check = container(ecs.written("task-definition.json"))["healthCheck"]
    assert check["command"] == ["CMD", "/usr/local/bin/drd", "status", "--health"], "there is no shell in the image"
    assert seconds("src/daemon/client/request.rs", "PATIENCE") < check["timeout"] <= check["interval"]
    stalled = seconds("src/daemon/http.rs", "STALLED_AFTER")
    assert stalled < check["interval"] * check["retries"] < 60
    assert container(ecs.written("task-definition.json"))["restartPolicy"]["restartAttemptPeriod"] >= RESTART_MIN


def test_a_log_that_is_not_delivered_never_stops_the_control_loop():
    options = container(ecs.written("task-definition.json"))["logConfiguration"]["options"]
    assert options["mode"] == "non-blocking" and options["max-buffer-size"] == "4m"


def test_a_deployment_hands_over_and_takes_nothing_away():
    service = ecs.written("service.json")
    deployment = service["deploymentConfiguration"]
    assert service["desiredCount"] == 2 and service["availabilityZoneRebalancing"] == "ENABLED"
    assert (deployment["minimumHealthyPercent"], deployment["maximumPercent"]) == (100, 200)
    assert deployment["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    assert network["assignPublicIp"] == "DISABLED" and len(network["subnets"]) == 3
    assert not service["enableExecuteCommand"]


def test_nobody_reaches_the_task_and_it_reaches_only_tls_endpoints_and_name_servers():
    group = ecs.properties("TaskSecurityGroup")
    assert "SecurityGroupIngress" not in group
    out = {(rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupEgress"]}
    assert out == {("tcp", 443, 443), ("tcp", 80, 80), ("udp", 53, 53), ("tcp", 53, 53)}


def test_the_daemons_configuration_comes_from_where_bootstrap_puts_it():
    command = container(ecs.written("task-definition.json"))["command"]
    assert command == ["run", "--suffix", ecs.SUFFIX, "--standby-region", ecs.REGION]
    handover = (ROOT / "bootstrap/src/estate/daemon_config.rs").read_text()
    assert 'suffix.name("bucket-config-standby")' in handover and 'CONFIG_KEY: &str = "drd.toml"' in handover
    statement = next(s for s in ecs.policy("DaemonRole")["Statement"] if s["Sid"] == "ReadItsConfiguration")
    assert statement["Resource"] == f"arn:aws:s3:::bucket-config-standby-{ecs.SUFFIX}/drd.toml"
