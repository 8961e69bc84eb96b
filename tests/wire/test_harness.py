"""The harness checked against itself, by boto through the same proxy as the daemon; needs no drd binary.

If one of these fails, nothing that the cases say about drd counts.
"""

import json
import socket
import tomllib
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from config import write_config
from daemon import parse_metrics
from dnslib import DNSRecord
from resources import LATCH_KEY, PRIMARY, STANDBY
from world import HARNESS, PROMOTE_SECONDS, NotLoopback, environment, eventually, loopback


def through_proxy(estate, service, region=STANDBY, wait=30):
    """A client as the daemon has one: behind the proxy, one attempt, not marked as the harness's own."""
    client = estate.world.client(service, estate.account, region, through_proxy=True, wait=wait)
    client.meta.events.register(
        "before-send", lambda request, **_: request.headers.__setitem__("User-Agent", "a daemon"))
    return client


def fail_over(estate, client):
    return client.failover_global_cluster(
        GlobalClusterIdentifier=estate.global_cluster, TargetDbClusterIdentifier=estate.cluster_arn("standby"),
        AllowDataLoss=True)["GlobalCluster"]


def code(caught) -> str:
    return caught.value.response["Error"]["Code"]


def get(url) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def resolve(estate, kind="A") -> list[str]:
    answer = DNSRecord.question(estate.record, kind).send("127.0.0.1", estate.dns.port, timeout=2)
    return [str(record.rdata) for record in DNSRecord.parse(answer).rr]


def test_an_address_outside_this_machine_is_refused():
    for inside in ("http://127.0.0.1:80/x", "127.0.0.11:53", "http://[::1]/"):
        assert loopback(inside) == inside
    for outside in ("https://rds.eu-central-1.amazonaws.com/", "10.1.0.2:53", "http://localhost/", "http:///"):
        with pytest.raises(NotLoopback):
            loopback(outside)
    with pytest.raises(NotLoopback):
        environment("210000000000", "https://sqs.eu-central-2.amazonaws.com")


def test_a_promotion_takes_time_refuses_a_second_one_and_leaves_no_standby_behind(estate):
    rds = through_proxy(estate, "rds")
    assert estate.writers() == ["primary"]
    assert instances_that_write(rds) == []
    answer = fail_over(estate, rds)
    assert answer["Status"] == "failing-over" and answer["FailoverState"]["IsDataLossAllowed"]
    with pytest.raises(ClientError) as again:
        fail_over(estate, rds)
    assert code(again) == "InvalidGlobalClusterStateFault"
    assert estate.writers() == ["primary"]
    eventually("the writer moves", lambda: estate.writers() == ["standby"], PROMOTE_SECONDS + 3)
    assert len(instances_that_write(rds)) == 1
    assert estate.members()["primary"]["SynchronizationStatus"] == "pending-resync"
    with pytest.raises(ClientError) as already:
        fail_over(estate, rds)
    assert code(already) == "InvalidGlobalClusterStateFault"
    call, done = estate.calls("FailoverGlobalCluster")[0], estate.calls("PromotionFinished")[0]
    assert PROMOTE_SECONDS - 0.1 < done.at - call.at < PROMOTE_SECONDS + 2


def instances_that_write(rds) -> list[str]:
    members = rds.describe_db_clusters()["DBClusters"][0]["DBClusterMembers"]
    return [m["DBInstanceIdentifier"] for m in members if m["IsClusterWriter"]]


def test_a_group_keeps_its_bounds_and_its_instances_take_time(estate):
    asg, name = through_proxy(estate, "autoscaling"), estate.name("asg", "standby")

    def instances() -> list[str]:
        return [i["LifecycleState"] for i in estate.group("standby")["Instances"]]

    eventually("the first instance is in service", lambda: instances() == ["InService"], 5)
    asg.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=3)
    assert estate.group("standby")["DesiredCapacity"] == 3
    assert instances() == ["InService", "Pending", "Pending"]
    with pytest.raises(ClientError) as refused:
        asg.update_auto_scaling_group(AutoScalingGroupName=name, DesiredCapacity=11)
    assert code(refused) == "ValidationError"
    asg.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=6, DesiredCapacity=6)
    eventually("six instances are in service", lambda: instances() == ["InService"] * 6, 5)


def test_the_failover_pair_is_bound_to_an_inverted_check_of_the_latch(estate):
    route53 = through_proxy(estate, "route53", "us-east-1")
    records = route53.list_resource_record_sets(HostedZoneId=estate.zone_id)["ResourceRecordSets"]
    pair = {r["Failover"]: r for r in records if r.get("Failover")}
    assert pair["PRIMARY"]["ResourceRecords"] == [{"Value": "127.0.0.11"}]
    assert pair["SECONDARY"]["ResourceRecords"] == [{"Value": "127.0.0.12"}]
    assert "HealthCheckId" not in pair["SECONDARY"]
    check = route53.get_health_check(HealthCheckId=pair["PRIMARY"]["HealthCheckId"])["HealthCheck"]
    assert check["HealthCheckConfig"]["Inverted"] is True
    latch = f"{estate.bucket}.s3.{STANDBY}.amazonaws.com/{LATCH_KEY}"
    assert check["HealthCheckConfig"]["FullyQualifiedDomainName"] + check["HealthCheckConfig"]["ResourcePath"] == latch
    assert route53.get_hosted_zone(Id=estate.zone_id)["HostedZone"]["Name"] == f"{estate.suffix}.example.com."


def test_the_record_follows_the_latch_and_the_latch_obeys_its_conditions(estate):
    s3, latch = through_proxy(estate, "s3"), {"Bucket": estate.bucket, "Key": LATCH_KEY}
    assert resolve(estate) == ["127.0.0.11"] and resolve(estate, "AAAA") == []
    estate.record = estate.record.upper()  # resolvers may change the case of a name
    assert resolve(estate) == ["127.0.0.11"]
    tag = s3.put_object(**latch, Body=b"standby", IfNoneMatch="*")["ETag"]
    with pytest.raises(ClientError) as twice:
        s3.put_object(**latch, Body=b"standby", IfNoneMatch="*")
    assert code(twice) == "PreconditionFailed"
    assert resolve(estate) == ["127.0.0.11"]
    eventually("DNS follows", lambda: resolve(estate) == ["127.0.0.12"], 5)
    with pytest.raises(ClientError) as stale:
        s3.delete_object(**latch, IfMatch='"0123456789abcdef0123456789abcdef"')
    assert code(stale) == "PreconditionFailed"
    s3.put_object(**latch, Body=b"standby again", IfMatch=tag)
    s3.delete_object(**latch)
    eventually("DNS goes back", lambda: resolve(estate) == ["127.0.0.11"], 5)


def test_drd_events_on_the_bus_reach_the_queue_with_their_account_and_others_do_not(estate):
    bus = through_proxy(estate, "events")
    entry = {"DetailType": "Heartbeat", "Detail": json.dumps({"seq": 1})}
    bus.put_events(Entries=[entry | {"Source": "drd.heartbeat"}, entry | {"Source": "shop.orders"}])
    estate.witness("primary", "healthy")
    received = receive(estate, 2)
    assert {m["source"] for m in received} == {"drd.heartbeat", "drd.witness"}
    assert {m["account"] for m in received} == {estate.account} and {m["region"] for m in received} == {STANDBY}
    estate.alarm("primary", "ALARM", age=3)
    envelope = receive(estate, 1)[0]
    assert envelope["resources"] == [estate.alarm_arn("primary")] and envelope["region"] == "us-east-1"
    assert estate.depth(estate.queue_url) == (0, 0)


def receive(estate, count: int) -> list[dict]:
    sqs, bodies = through_proxy(estate, "sqs"), []
    while len(bodies) < count:
        answer = sqs.receive_message(QueueUrl=estate.queue_url, WaitTimeSeconds=5, MaxNumberOfMessages=10)
        assert answer.get("Messages"), f"only {len(bodies)} of {count} messages"
        for message in answer["Messages"]:
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=estate.queue_url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def test_a_message_nobody_deletes_is_dead_lettered(estate):
    sqs = through_proxy(estate, "sqs")
    estate.send("not JSON")

    def dead() -> bool:
        sqs.receive_message(QueueUrl=estate.queue_url, VisibilityTimeout=0)
        return estate.depth(estate.dead_url) == (1, 0)

    eventually("the message is in the dead-letter queue", dead, 10)


def test_lag_is_reported_in_the_standby_region_until_replication_stops(estate):
    def newest(namespace: str, metric: str) -> float | None:
        now = datetime.now(UTC)
        name = [{"Name": "DBClusterIdentifier", "Value": estate.name("aurora", "standby")}]
        stat = {"Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": name}, "Period": 1,
                "Stat": "Maximum"}
        result = through_proxy(estate, "cloudwatch").get_metric_data(
            MetricDataQueries=[{"Id": "lag", "MetricStat": stat}], StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(seconds=1))["MetricDataResults"][0]
        return max(result["Timestamps"]).timestamp() if set(result["Values"]) == {350.0} else None

    for known in (("AWS/RDS", "AuroraGlobalDBRPOLag"), ("DRD", "ReplicationLagMs")):
        first = eventually("a first sample", lambda known=known: newest(*known), 5)
        eventually("a newer sample", lambda known=known, first=first: newest(*known) > first, 5)


def test_a_dark_region_hangs_or_resets_for_its_own_account_only(estate, world, tmp_path):
    estate.faults.dark_region(PRIMARY)
    with pytest.raises(ReadTimeoutError):
        through_proxy(estate, "rds", PRIMARY, wait=1).describe_global_clusters()
    through_proxy(estate, "rds", STANDBY).describe_global_clusters()
    stranger = world.client("rds", "219999999999", PRIMARY, through_proxy=True)
    assert stranger.describe_global_clusters()["GlobalClusters"] == []
    estate.faults.clear()
    through_proxy(estate, "rds", PRIMARY).describe_global_clusters()
    estate.faults.dark_region(PRIMARY, how="reset")
    with pytest.raises(ConnectionClosedError):
        through_proxy(estate, "sqs", PRIMARY).list_queues()
    assert [e["operation"] for e in estate.faults.fired()] == ["DescribeGlobalClusters", "ListQueues"]


def test_throttles_have_no_effect_and_a_lost_reply_has(estate):
    rds = through_proxy(estate, "rds")
    estate.faults.throttle("rds", "FailoverGlobalCluster", times=2)
    for _ in range(2):
        with pytest.raises(ClientError) as throttled:
            fail_over(estate, rds)
        assert code(throttled) == "Throttling"
    assert estate.calls("FailoverGlobalCluster") == []
    estate.faults.lose_reply("rds", "FailoverGlobalCluster", times=1)
    with pytest.raises(ConnectionClosedError):
        fail_over(estate, rds)
    assert [c.took_effect for c in estate.calls("FailoverGlobalCluster")] == [True]
    with pytest.raises(ClientError) as busy:
        fail_over(estate, rds)
    assert code(busy) == "InvalidGlobalClusterStateFault"
    assert [e["operation"] for e in estate.faults.fired()] == ["FailoverGlobalCluster"] * 3
    estate.faults.lose_reply("s3", "PutObject", times=1)
    with pytest.raises(ConnectionClosedError):
        through_proxy(estate, "s3").put_object(Bucket=estate.bucket, Key=LATCH_KEY, Body=b"", IfNoneMatch="*")
    assert estate.latched()


def test_a_lost_reply_is_lost_before_its_first_byte(estate):
    estate.faults.lose_reply("rds", "DescribeGlobalClusters", times=1)
    host, port = estate.world.proxy.removeprefix("http://").split(":")
    scope = f"Credential={estate.account}/20260101/{STANDBY}/rds/aws4_request"
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        body = b"Action=DescribeGlobalClusters&Version=2014-10-31"
        wire.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                     b"Authorization: AWS4-HMAC-SHA256 " + scope.encode() + b", SignedHeaders=host, Signature=0\r\n"
                     b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
        try:
            assert wire.recv(1) == b""
        except ConnectionResetError:
            pass


def test_the_applications_show_the_moods_a_test_gives_them(estate):
    primary, standby = estate.apps["primary"], estate.apps["standby"]
    trading, write = primary.url("/health/trading"), primary.url("/health/write")
    assert get(trading) == (200, b'{"trading_data":"valid"}') and get(write)[0] == 200
    assert get(standby.url("/health/write"))[0] == 503
    primary.wrong_data()
    assert get(trading) == (200, b'{"trading_data":"stale"}')
    primary.hang()
    with pytest.raises(TimeoutError):
        get(trading)
    primary.refuse()
    with pytest.raises(urllib.error.URLError):
        get(trading)
    primary.healthy()
    assert get(trading)[0] == 200 and get(estate.reference.url())[0] == 403


def test_the_audit_tells_mutating_from_reading_and_the_daemon_from_the_harness(estate):
    asg, name = through_proxy(estate, "autoscaling"), estate.name("asg", "standby")
    asg.describe_auto_scaling_groups()
    asg.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=2)
    through_proxy(estate, "s3").put_object(Bucket=estate.bucket, Key="x", Body=b"")
    through_proxy(estate, "s3").get_object(Bucket=estate.bucket, Key="x")
    route53 = through_proxy(estate, "route53", "us-east-1")
    route53.list_resource_record_sets(HostedZoneId=estate.zone_id)
    route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=estate.zone_id,
                                     AddTags=[{"Key": "a", "Value": "b"}])
    through_proxy(estate, "sqs").send_message(QueueUrl=estate.queue_url, MessageBody="{}")
    assert [c.action for c in estate.mutating()] == [
        "UpdateAutoScalingGroup", "PutObject", "ChangeTagsForResource"]
    assert not any(HARNESS in c.agent for c in estate.mutating())
    assert len(estate.calls("DescribeAutoScalingGroups")) == 1


def test_the_configuration_is_toml_with_loopback_addresses_only(estate):
    config = tomllib.loads(write_config(estate).read_text())
    assert config["sides"]["standby"]["cluster_arn"] == estate.cluster_arn("standby")
    assert config["dns"]["resolvers"] == [f"127.0.0.1:{estate.dns.port}"]
    assert {s["vantage"] for s in config["sensors"]} == {"route53", "witness"}


def test_metrics_are_read_by_name_and_labels():
    page = 'a_total{x="1",y="2"} 3\na_total{x="2",y="2"} 4\n# HELP b text\nb 1.5e9\n'
    metrics = parse_metrics(page)
    assert metrics("a_total", x="1") == 3 and metrics("a_total", y="2") == 7
    assert metrics("b") == 1.5e9 and metrics("c") is None
