"""What monitor, witness, dashboard and daemon promise beyond what linters know: orientation, wiring, one JSON body.

Deliberately absent: rules for every template (names, tags, deletion), which test_templates.py has.
"""

import json
import re

import functions
import pytest
from functions import resolved, template

MONITOR = template("monitor")["Resources"]
SIDES = {
    "primary": {"Role": "primary", "PeerRole": "standby", "AWS::Region": "eu-central-1", "PeerRegion": "eu-central-2"},
    "standby": {"Role": "standby", "PeerRole": "primary", "AWS::Region": "eu-central-2", "PeerRegion": "eu-central-1"},
}
ESTATE = {
    "Suffix": "shop1", "AWS::Partition": "aws", "AWS::AccountId": "123456789012", "AWS::Region": "eu-central-2",
    "PrimaryRegion": "eu-central-1", "StandbyRegion": "eu-central-2", "WitnessRegion": "eu-west-1",
    "PrimaryAlbFullName": "app/alb-primary-shop1/1", "StandbyAlbFullName": "app/alb-standby-shop1/2",
    "PrimaryTargetGroupFullName": "targetgroup/tg-primary-shop1/1",
    "StandbyTargetGroupFullName": "targetgroup/tg-standby-shop1/2",
    "PrimaryHealthCheckId": "h1", "StandbyHealthCheckId": "h2", "LatchHealthCheckId": "h3",
}


def stack(role):
    """The resources that a side's stack really has."""
    kept = {None, "IsPrimary" if role == "primary" else "IsStandby"}
    return {n: r for n, r in MONITOR.items() if r.get("Condition") in kept}


def alarms(role):
    return {resolved(r["Properties"]["AlarmName"], {**ESTATE, **SIDES[role]}) for r in stack(role).values()
            if r["Type"] in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")}


def test_both_sides_have_the_same_alarms_so_that_a_failover_leaves_nothing_unwatched():
    names = ["alarm-database", "alarm-hosts", "alarm-lag", "alarm-lag-missing", "alarm-lambda-lag", "alarm-lost", "alarm-peer"]
    assert alarms("primary") == {f"{n}-primary-shop1" for n in names} | {"alarm-outage-standby-shop1"}
    assert alarms("standby") == {f"{n}-standby-shop1" for n in names} | {"alarm-outage-primary-shop1", "alarm-dead-shop1"}


def test_a_regions_outage_is_told_by_the_other_region_from_children_of_its_own():
    for role in SIDES:
        parameters = {**ESTATE, **SIDES[role]}
        named = {n: r["Properties"]["AlarmName"] for n, r in MONITOR.items() if n.endswith("Alarm")}
        parameters |= resolved(named, parameters)
        rule = resolved(MONITOR["OutageAlarm"]["Properties"]["AlarmRule"], parameters)
        children = re.findall(r'ALARM\("([^"]+)"\)', rule)
        assert len(children) == 2 and set(children) <= alarms(role), "a composite alarm cannot span regions"
        assert rule == f'ALARM("alarm-peer-{role}-shop1") AND ALARM("alarm-lag-missing-{role}-shop1")'


def test_every_alarm_tells_people_and_says_when_it_is_over():
    for name in ("monitor", "witness"):
        for logical, resource in template(name)["Resources"].items():
            if "CloudWatch" in resource["Type"]:
                assert resource["Properties"]["AlarmActions"] == resource["Properties"]["OKActions"] != [], logical


@pytest.mark.parametrize("name, missing", [
    ("LagMissingAlarm", "breaching"), ("HostsAlarm", "breaching"),
    ("LagAlarm", "notBreaching"), ("DatabaseAlarm", "notBreaching"), ("LostAlarm", "notBreaching"),
])
def test_silence_means_what_it_should(name, missing):
    assert MONITOR[name]["Properties"]["TreatMissingData"] == missing


def test_the_lag_alarm_speaks_above_thirty_seconds():
    threshold = template("monitor")["Parameters"]["LagLimitMillis"]["Default"]
    assert (threshold, MONITOR["LagAlarm"]["Properties"]["ComparisonOperator"]) == (30_000, "GreaterThanThreshold")


def test_only_the_primary_forwards_and_only_what_is_this_estates():
    rules = {n: r for n, r in MONITOR.items() if n.startswith("Forward") and r["Type"] == "AWS::Events::Rule"}
    assert len(rules) == 3 and all(r["Condition"] == "IsPrimary" for r in rules.values())
    parameters = {**ESTATE, **SIDES["primary"]}
    for rule in rules.values():
        pattern = resolved(rule["Properties"]["EventPattern"], parameters)
        names = next(v for v in pattern["detail"].values())
        assert names and all(n.endswith("-shop1") for n in names), "a pattern without exact names hears other estates"
        target = rule["Properties"]["Targets"][0]
        assert target["DeadLetterConfig"] and target["RoleArn"]
        assert resolved(target["Arn"], parameters) == "arn:aws:events:eu-central-2:123456789012:event-bus/bus-shop1"
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 300, "drd believes nothing older than five minutes"
    forwarded = resolved(rules["ForwardAlarms"]["Properties"]["EventPattern"], parameters)["detail"]["alarmName"]
    assert set(forwarded) <= alarms("primary") and "alarm-database-primary-shop1" in forwarded


@pytest.mark.parametrize("name, function, source", [
    ("monitor", "LagFunction", "lag"), ("witness", "Function", "witness"),
])
def test_the_function_fits_into_its_template_and_fails_once(name, function, source):
    text = (functions.TEMPLATES / f"{name}.yaml").read_text()
    place = f"'@@lambda/{source}.py@@'"
    assert text.count(place) == 1 and text.count("@@") == 2
    rendered = text.replace(place, json.dumps((functions.SOURCES / f"{source}.py").read_text()))
    assert len(rendered.encode()) < 51_200
    resources = functions.yaml.load(rendered, functions.Intrinsics)["Resources"]
    code = resources[function]["Properties"]["Code"]["ZipFile"]
    assert code == (functions.SOURCES / f"{source}.py").read_text()
    compile(code, source, "exec")
    invoke = next(r for r in resources.values() if r["Type"] == "AWS::Lambda::EventInvokeConfig")["Properties"]
    assert (invoke["MaximumRetryAttempts"], invoke["MaximumEventAgeInSeconds"]) == (0, 60)
    assert resources[function]["Properties"]["DeadLetterConfig"] and "VpcConfig" not in resources[function]["Properties"]


def test_every_variable_that_the_functions_read_is_in_the_template_and_no_other():
    for name, function, source in (("monitor", "LagFunction", "lag"), ("witness", "Function", "witness")):
        given = set(template(name)["Resources"][function]["Properties"]["Environment"]["Variables"])
        read = set(re.findall(r'env\["([A-Z_]+)"\]', (functions.SOURCES / f"{source}.py").read_text()))
        assert read - {"AWS_REGION"} == given


def body():
    value = template("dashboard")["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert set(re.findall(r"\$\{([^}]+)\}", value)) <= set(ESTATE)
    return json.loads(resolved({"Fn::Sub": value}, ESTATE))


def test_the_dashboard_is_json_whose_widgets_do_not_overlap():
    taken = set()
    for widget in body()["widgets"]:
        assert widget["x"] + widget["width"] <= 24
        cells = {(x, y) for x in range(widget["x"], widget["x"] + widget["width"])
                 for y in range(widget["y"], widget["y"] + widget["height"])}
        assert not cells & taken
        taken |= cells


def test_the_dashboard_shows_all_that_readiness_rests_on():
    shown = {(m[0], m[1]) for w in body()["widgets"] if w["type"] == "metric" for m in w["properties"]["metrics"]
             if isinstance(m[0], str)}
    lag = [m[3] for w in body()["widgets"] if w["type"] == "metric" for m in w["properties"]["metrics"]
           if len(m) > 3 and m[1] == "ReplicationLagMs"]
    assert lag == ["aurora-standby-shop1", "aurora-primary-shop1"], "both ways"
    assert {("AWS/RDS", "AuroraGlobalDBRPOLag"), ("AWS/Route53", "HealthCheckStatus"),
            ("AWS/ApplicationELB", "HealthyHostCount"), ("AWS/AutoScaling", "GroupInServiceInstances"),
            ("AWS/SQS", "NumberOfMessagesDeleted"), ("DRD", "LagSamples")} <= shown
    assert "drd_armed" in json.dumps(body())


def test_the_dashboard_names_only_alarms_that_exist():
    listed = [a.split(":alarm:")[1] for w in body()["widgets"] if w["type"] == "alarm" for a in w["properties"]["alarms"]]
    witness = {resolved(r["Properties"]["AlarmName"], ESTATE) for r in template("witness")["Resources"].values()
               if r["Type"] == "AWS::CloudWatch::Alarm"}
    edge = {"alarm-health-primary-shop1", "alarm-health-standby-shop1"}
    assert set(listed) <= alarms("primary") | alarms("standby") | witness | edge
    assert len(listed) == len(set(listed))


def test_the_route53_metrics_are_asked_where_they_are():
    for widget in body()["widgets"]:
        if "AWS/Route53" in json.dumps(widget):
            assert widget["properties"]["region"] == "us-east-1"


def test_two_tasks_share_one_lease_and_none_runs_by_default():
    daemon = template("daemon")
    assert daemon["Parameters"]["DaemonMode"]["Default"] == "none"
    service = daemon["Resources"]["Service"]["Properties"]
    assert service["DesiredCount"] == 2
    deployment = service["DeploymentConfiguration"]
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)
    always = {n for n, r in daemon["Resources"].items() if "Condition" not in r}
    assert always == {"DaemonRole", "DaemonProfile"}


def test_the_daemons_container_can_write_to_its_state_alone():
    containers = template("daemon")["Resources"]["Task"]["Properties"]["ContainerDefinitions"]
    drd = next(c for c in containers if c["Name"] == "drd")
    assert drd["ReadonlyRootFilesystem"] and drd["User"] == "65532:65532"
    assert drd["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    writable = [m["ContainerPath"] for m in drd["MountPoints"] if not m["ReadOnly"]]
    assert writable == ["/var/lib/drd"]
