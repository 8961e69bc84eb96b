"""The lag sampler, its real source run as the Lambda runtime does, against AWS made of functions.

Deliberately absent: real waiting, and Aurora's SQL (only Aurora has aurora_global_db_status).
"""

import json
from datetime import datetime, timezone

import functions
import pytest
from botocore.exceptions import ReadTimeoutError
from functions import ACCOUNT, Aws, Clock, Context, denied, lines

PRIMARY, STANDBY = "eu-central-1", "eu-central-2"
REGIONS = {"primary": PRIMARY, "standby": STANDBY}
ARN = {side: f"arn:aws:rds:{region}:{ACCOUNT}:cluster:aurora-{side}-shop1" for side, region in REGIONS.items()}
PARAMETERS = {"Suffix": "shop1", "PrimaryRegion": PRIMARY, "StandbyRegion": STANDBY, "DatabaseName": "trading",
              "PrimaryDataApi": "yes", "StandbyDataApi": "yes"}


class World(Aws):
    """Two clusters, one of which writes; `lag` and `age` in milliseconds."""

    def __init__(self, writer="primary"):
        super().__init__()
        self.writer, self.lag, self.age = writer, 412, 0
        self.answers = {
            "DescribeGlobalClusters": self.describe,
            "DescribeSecret": lambda region, a: {"ARN": f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{a['SecretId']}-AbCdEf"},
            "ExecuteStatement": self.execute,
            "PutEvents": lambda region, a: {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]},
        }

    def describe(self, region, arguments):
        members = [{"DBClusterArn": ARN[side], "IsWriter": side == self.writer} for side in ARN]
        return {"GlobalClusters": [{"GlobalClusterMembers": members}]}

    def execute(self, region, arguments):
        assert arguments["resourceArn"] == ARN[self.writer], "a secondary refuses statements"
        assert region == REGIONS[self.writer], "the Data API is asked in the writer's own region"
        assert f":secretsmanager:{region}:" in arguments["secretArn"], "the secret of that region"
        return {"formattedRecords": json.dumps([{"lag_msec": self.lag, "age_msec": self.age}])}


def environment(role, **more):
    function = functions.template("monitor")["Resources"]["LagFunction"]["Properties"]
    return functions.resolved(function["Environment"]["Variables"], {**PARAMETERS, "Role": role, **more})


def run(world, role="standby", clock=None, seconds=60, module=None, **parameters):
    """One run of the function; its answer and the module, which a warm copy would keep."""
    clock = clock or Clock()
    module = module or functions.load("lag")
    with world.patched():
        answer = module.handler({}, Context(clock, seconds), env=environment(role, **parameters), now=clock.now,
                                sleep=clock.sleep)
    return answer, module


def values(world, region, name):
    return [d["Value"] for d in world.metrics(region, name)]


def at(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc)


def test_one_run_takes_two_samples_thirty_seconds_apart():
    world, clock = World(), Clock()
    answer, _ = run(world, clock=clock)
    assert answer == {"samples": 2, "errors": 0}
    assert clock.slept == [30.0]
    times = [d["Timestamp"] for d in world.metrics(STANDBY, "ReplicationLagMs")]
    assert times == [at(1_772_366_400), at(1_772_366_430)]


@pytest.mark.parametrize("role", ["primary", "standby"])
@pytest.mark.parametrize("writer", ["primary", "standby"])
def test_the_receivers_lag_is_told_to_the_receiving_side_and_to_its_own_in_both_orientations(role, writer):
    world = World(writer)
    run(world, role)
    receiver = "standby" if writer == "primary" else "primary"
    for region in {REGIONS[receiver], REGIONS[role]}:
        data = world.metrics(region, "ReplicationLagMs")
        assert [d["Value"] for d in data] == [412.0, 412.0]
        assert data[0]["Dimensions"] == [{"Name": "DBClusterIdentifier", "Value": f"aurora-{receiver}-shop1"}]
        assert data[0]["StorageResolution"] == 1
    assert [e["EventBusName"] for e in world.events()] == ["bus-shop1", "bus-shop1"]
    assert len(world.made("PutEvents", STANDBY)) == 2, "drd's bus is in the standby region, whoever writes"


def test_drd_reads_the_event_that_is_sent():
    """The same file is read by drd's own parser in tests/intake.rs."""
    fixture = json.loads((functions.FIXTURES / "lag-from-the-sampler.json").read_text())
    world = World()
    world.age = 15_250
    run(world)
    entry = world.events()[0]
    assert (entry["Source"], entry["DetailType"]) == (fixture["source"], fixture["detail-type"])
    assert json.loads(entry["Detail"]) == fixture["detail"]


def test_a_samples_time_is_when_aurora_calculated_it_by_the_databases_own_clock():
    world, clock = World(), Clock()
    world.age = 7_500
    run(world, clock=clock)
    assert world.metrics(STANDBY, "ReplicationLagMs")[0]["Timestamp"] == at(1_772_366_392.5)
    world.age = -2_000
    run(world, clock=Clock())
    assert world.metrics(STANDBY, "ReplicationLagMs")[2]["Timestamp"] == at(1_772_366_400), "never in the future"


def test_a_writer_that_moved_is_found_in_the_next_sample():
    world, clock = World(), Clock()

    def sleep(seconds):
        clock.at += seconds
        world.writer = "standby"

    module = functions.load("lag")
    with world.patched():
        module.handler({}, Context(clock), env=environment("standby"), now=clock.now, sleep=sleep)
    assert len(world.metrics(STANDBY, "ReplicationLagMs")) == 2, "its own CloudWatch has both"
    assert len(world.metrics(PRIMARY, "ReplicationLagMs")) == 1, "the new receiver's has the second"
    clusters = [d["Dimensions"][0]["Value"] for d in world.metrics(STANDBY, "ReplicationLagMs")]
    assert clusters == ["aurora-standby-shop1", "aurora-primary-shop1"]


@pytest.mark.parametrize("error", [
    denied("ExecuteStatement", "DatabaseUnavailableException", "The writer instance is restarting"),
    denied("ExecuteStatement", "StatementTimeoutException", "too long"),
    ReadTimeoutError(endpoint_url="https://rds-data.eu-central-1.amazonaws.com/"),
])
def test_a_database_that_does_not_answer_is_no_sample_and_an_unhealthy_inside(error, capsys):
    world = World()

    def fail(region, arguments):
        raise error

    world.answers["ExecuteStatement"] = fail
    answer, _ = run(world, "primary")
    assert answer == {"samples": 0, "errors": 2}
    assert values(world, PRIMARY, "WriterAnswers") == [0, 0]
    assert values(world, PRIMARY, "LagSamples") == [0, 0]
    assert values(world, PRIMARY, "LagErrors") == [1, 1]
    assert values(world, PRIMARY, "PeerAnswers") == [1, 1], "the region of the other side is well"
    assert not world.events() and not world.metrics(STANDBY, "ReplicationLagMs")
    causes = [line["cause"] for line in lines(capsys.readouterr().out) if line["level"] == "error"]
    assert all(type(error).__name__ in cause and "eu-central-1" in cause for cause in causes) and len(causes) == 2


def test_a_permission_that_is_missing_says_nothing_about_the_database():
    world = World()

    def fail(region, arguments):
        raise denied("ExecuteStatement")

    world.answers["ExecuteStatement"] = fail
    answer, _ = run(world, "primary")
    assert answer["errors"] == 2
    assert values(world, PRIMARY, "WriterAnswers") == []


def test_only_the_writers_own_region_says_whether_the_writer_answers():
    world = World("primary")
    run(world, "standby")
    assert values(world, STANDBY, "WriterAnswers") == []
    run(world, "primary")
    assert values(world, PRIMARY, "WriterAnswers") == [1, 1]


def test_a_writers_region_that_is_gone_is_seen_from_the_other_one():
    world, clock = World(), Clock()
    world.dead = {PRIMARY}
    answer, _ = run(world, "standby", clock)
    assert answer["samples"] == 0, "and it returns: the next run may find more"
    assert values(world, STANDBY, "PeerAnswers") == [0, 0]
    assert values(world, STANDBY, "LagSamples") == [0, 0]
    asked = [name for name, region, _ in world.calls if region == PRIMARY]
    assert len(asked) == 2, "a region that is silent costs one deadline a sample, not one for each call"


def test_a_receivers_region_that_is_gone_does_not_silence_the_writers_own():
    world = World()
    world.dead = {STANDBY}
    answer, _ = run(world, "primary")
    assert answer["samples"] == 2
    assert values(world, PRIMARY, "ReplicationLagMs") == [412.0, 412.0]
    assert values(world, PRIMARY, "PeerAnswers") == [0, 0]
    assert values(world, PRIMARY, "WriterAnswers") == [1, 1]


def test_a_warm_copy_remembers_the_writer_when_the_lookup_fails():
    world = World()
    _, module = run(world)

    def fail(region, arguments):
        raise denied("DescribeGlobalClusters", "Throttling", "Rate exceeded")

    world.answers["DescribeGlobalClusters"] = fail
    answer, _ = run(world, module=module)
    assert answer == {"samples": 2, "errors": 2}
    cold, _ = run(world)
    assert cold["samples"] == 0, "a cold one has nothing to remember and says so"


class Zurich(World):
    """A writer in a region that has no Data API; CloudWatch has points of the given ages in seconds."""

    def __init__(self, lag_age=90, uptime_age=90):
        super().__init__("standby")
        self.ages = {"AuroraGlobalDBRPOLag": lag_age, "EngineUptime": uptime_age}
        self.answers["GetMetricData"] = self.points
        self.answers["ExecuteStatement"] = lambda region, arguments: pytest.fail("there is no Data API")

    def points(self, region, arguments):
        metric = arguments["MetricDataQueries"][0]["MetricStat"]["Metric"]
        where = {d["Name"]: d["Value"] for d in metric["Dimensions"]}
        if metric["MetricName"] == "EngineUptime":
            assert (region, where) == (STANDBY, {"DBClusterIdentifier": "aurora-standby-shop1", "Role": "WRITER"})
        else:
            assert (region, where) == (PRIMARY, {"DBClusterIdentifier": "aurora-primary-shop1"})
        age = self.ages[metric["MetricName"]]
        stamps = [] if age is None else [arguments["EndTime"].timestamp() - age - 60 * n for n in range(3)]
        return {"MetricDataResults": [{"Timestamps": [at(t) for t in stamps], "Values": [700.0 + n for n in range(len(stamps))]}]}


@pytest.mark.parametrize("role", ["primary", "standby"])
def test_where_there_is_no_data_api_auroras_own_lag_is_taken_with_its_own_time(role):
    world = Zurich()
    answer, _ = run(world, role, StandbyDataApi="no")
    assert answer == {"samples": 2, "errors": 0}
    data = world.metrics(PRIMARY, "ReplicationLagMs")
    assert [(d["Value"], d["Timestamp"]) for d in data][0] == (700.0, at(1_772_366_310))
    assert not world.events(), "the daemon reads that metric itself: one reading must not look like two"


@pytest.mark.parametrize("age, answers", [(90, [1, 1]), (300, [0, 0]), (None, [0, 0])])
def test_where_there_is_no_data_api_a_writer_without_a_recent_sign_of_life_is_unhealthy(age, answers):
    world = Zurich(uptime_age=age)
    run(world, "standby", StandbyDataApi="no")
    assert values(world, STANDBY, "WriterAnswers") == answers
    run(world, "primary", StandbyDataApi="no")
    assert values(world, PRIMARY, "WriterAnswers") == [], "only its own region says so"


@pytest.mark.parametrize("age", [300, None])
def test_an_old_point_of_auroras_is_no_sample(age):
    assert run(Zurich(lag_age=age), StandbyDataApi="no")[0] == {"samples": 0, "errors": 2}


def test_the_default_regions_are_known():
    parameters = functions.template("monitor")["Parameters"]
    assert (parameters["PrimaryDataApi"]["Default"], parameters["StandbyDataApi"]["Default"]) == ("yes", "no")


@pytest.mark.parametrize("lag, age, why", [
    (412, 121_000, "no longer replicates"),
    (-1, 0, "says lag -1 ms"),
    (None, 0, "says lag None ms"),
    (412, None, "calculated None ms ago"),
    (4e10, 0, "says lag"),
])
def test_what_is_no_current_lag_is_not_published(lag, age, why, capsys):
    world = World()
    world.lag, world.age = lag, age
    answer, _ = run(world)
    assert answer == {"samples": 0, "errors": 2}
    assert not world.metrics(STANDBY, "ReplicationLagMs") and not world.events()
    assert why in lines(capsys.readouterr().out)[0]["cause"]


def test_a_status_without_the_receiver_is_no_sample():
    world = World()
    world.answers["ExecuteStatement"] = lambda region, arguments: {"formattedRecords": "[]"}
    assert run(world)[0] == {"samples": 0, "errors": 2}


def test_an_event_that_the_bus_refuses_is_counted_and_the_metric_stands(capsys):
    world = World()
    refusal = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}]}
    world.answers["PutEvents"] = lambda region, arguments: refusal
    answer, _ = run(world)
    assert answer == {"samples": 2, "errors": 2}
    assert values(world, STANDBY, "ReplicationLagMs") == [412.0, 412.0]
    assert "ThrottlingException" in capsys.readouterr().out


def test_a_run_that_could_tell_nobody_anything_fails_aloud():
    world = World()
    world.dead = {PRIMARY, STANDBY}
    with pytest.raises(RuntimeError, match="nothing could be told"):
        run(world)


def test_a_second_sample_that_does_not_fit_is_not_begun(capsys):
    world = World()
    answer, _ = run(world, seconds=38)
    assert answer == {"samples": 1, "errors": 0}
    assert lines(capsys.readouterr().out)[-1]["event"] == "cut_short"


def test_slow_calls_end_the_sample_before_the_runtime_ends_the_run(capsys):
    world, clock = World(), Clock()

    def slow(region, arguments):
        clock.at += 7
        return world.describe(region, arguments)

    world.answers["DescribeGlobalClusters"] = slow
    answer, _ = run(world, clock=clock, seconds=40)
    assert answer["samples"] == 1
    assert clock.at <= 1_772_366_440


def test_every_call_has_a_deadline_and_is_not_repeated():
    world = World()
    run(world)
    for config in world.configs:
        assert config.connect_timeout <= 3 and config.read_timeout <= 5
        assert config.retries["total_max_attempts"] == 1


def test_every_log_line_is_one_json_object(capsys):
    run(World())
    found = lines(capsys.readouterr().out)
    assert [line["event"] for line in found] == ["sample", "sample"]


def test_every_alarm_on_our_own_metrics_watches_what_the_function_publishes():
    resources = functions.template("monitor")["Resources"]
    world = World("primary")
    run(world, "primary")
    published = {(d["MetricName"], tuple(x["Name"] for x in d["Dimensions"]))
                 for a in world.made("PutMetricData") for d in a["MetricData"]}
    watched = {(p["MetricName"], tuple(d["Name"] for d in p["Dimensions"]))
               for p in (r["Properties"] for r in resources.values()) if p.get("Namespace") == "DRD"}
    assert watched and watched <= published
    for name in ("LagAlarm", "DatabaseAlarm"):
        dimension = resources[name]["Properties"]["Dimensions"][0]["Value"]
        assert functions.resolved(dimension, {**PARAMETERS, "Role": "primary"}) == "aurora-primary-shop1"


def test_the_role_allows_what_the_function_calls_and_nothing_else():
    asked, read = World(), Zurich()
    run(asked)
    run(read, StandbyDataApi="no")
    calls = {name for name, _, _ in asked.calls + read.calls}
    allowed = functions.actions_of(functions.template("monitor")["Resources"]["LagRole"])
    by_aws = {
        "secretsmanager:GetSecretValue": "the Data API reads the secret as the caller",
        "kms:Decrypt": "the secret and the function's environment are under the sides' keys",
        "sqs:SendMessage": "the runtime keeps failed runs in the dead-letter queue",
        "logs:CreateLogStream": "the runtime writes the log",
        "logs:PutLogEvents": "the runtime writes the log",
    }
    assert allowed == calls | set(by_aws)
