"""Who may speak to drd, what reaches it, and who may move the latch: the templates' policies and patterns, evaluated.

Deliberately absent: whether AWS evaluates them as policies.py does; that is IAM's documented logic, for the few
operators in use.
"""

import pytest
from policies import ACCOUNT, matches, properties, verdict

TOPIC = f"arn:aws:sns:eu-central-2:{ACCOUNT}:topic-alerts-standby-t1"
EVENTS = properties("events", Suffix="t1", PrimaryRegion="eu-central-1", WitnessRegion="eu-west-1", TopicArn=TOPIC,
                    KeyArn="arn:key", **{"AWS::Region": "eu-central-2"})
LATCH = properties("latch", Suffix="t1", LatchBucket="bucket-latch-standby-t1", **{"AWS::Region": "eu-central-2"})
EDGE = properties("edge", Suffix="t1", StandbyRegion="eu-central-2", **{"AWS::Region": "us-east-1"})
QUEUE = EVENTS["EventQueuePolicy"]["PolicyDocument"]["Statement"]
DEAD = EVENTS["DeadQueuePolicy"]["PolicyDocument"]["Statement"]
BUCKET = LATCH["LatchPolicy"]["PolicyDocument"]["Statement"]
INTO_THE_QUEUE = ["AlarmRule", "DatabaseRule", "CapacityRule", "SignalRule"]
SENDERS = ["role-witness-t1", "role-lag-primary-t1", "role-lag-standby-t1"]
ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:role/administrator"
DAEMON = f"arn:aws:iam::{ACCOUNT}:role/role-daemon-t1"
OBJECT = "arn:aws:s3:::bucket-latch-standby-t1/active-side"


def send(who: str, **keys: str) -> str:
    if who.startswith("arn:"):
        keys["aws__PrincipalArn"] = who
    return verdict(QUEUE, who, "sqs:SendMessage", "arn:EventQueue", **keys)


@pytest.mark.parametrize("rule", INTO_THE_QUEUE)
def test_each_rule_with_the_queue_as_target_may_send_to_it_and_bury(rule):
    assert EVENTS[rule]["Targets"][0]["Arn"] == "arn:EventQueue"
    assert send("events.amazonaws.com", aws__SourceArn=f"arn:{rule}") == "Allow"
    bury = verdict(DEAD, "events.amazonaws.com", "sqs:SendMessage", "arn:DeadQueue", aws__SourceArn=f"arn:{rule}")
    assert bury == "Allow"


def test_the_topic_and_the_named_roles_may_send():
    assert send("sns.amazonaws.com", aws__SourceArn=TOPIC) == "Allow"
    assert [send(f"arn:aws:iam::{ACCOUNT}:role/{name}") for name in SENDERS] == ["Allow"] * 3


@pytest.mark.parametrize("who, keys", [
    (ADMINISTRATOR, {}),
    (f"arn:aws:iam::{ACCOUNT}:role/role-witness-t2", {}),
    ("arn:aws:iam::999999999999:role/role-witness-t1", {}),
    ("anonymous", {}),
    ("events.amazonaws.com", {"aws__SourceArn": "arn:AnotherRule"}),
    ("events.amazonaws.com", {"aws__SourceArn": "arn:PageRule"}),
    ("events.amazonaws.com", {}),
    ("sns.amazonaws.com", {"aws__SourceArn": TOPIC.replace("t1", "t2")}),
])
def test_everybody_else_is_denied_whatever_their_own_policy_says(who, keys):
    assert send(who, **keys) == "Deny"


def test_nobody_speaks_to_the_queue_in_plain_text():
    rule = {"aws__SourceArn": "arn:AlarmRule", "aws__SecureTransport": "false"}
    assert send("events.amazonaws.com", **rule) == "Deny"
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage"):
        assert verdict(QUEUE, DAEMON, action, "arn:EventQueue", aws__SecureTransport="false") == "Deny"
        assert verdict(QUEUE, DAEMON, action, "arn:EventQueue") == "nothing"


def test_nobody_but_rules_puts_letters_among_the_dead():
    assert verdict(DEAD, ADMINISTRATOR, "sqs:SendMessage", "arn:DeadQueue", aws__PrincipalArn=ADMINISTRATOR) == "Deny"


def test_the_bus_hears_this_account_alone():
    statement = [EVENTS["BusPolicy"]["Statement"]]
    said = [verdict(statement, ADMINISTRATOR, "events:PutEvents", "arn:Bus", aws__PrincipalAccount=account)
            for account in (ACCOUNT, "999999999999")]
    assert said == ["nothing", "Deny"]


def event(source: str, kind: str, region: str = "eu-central-2", **detail: str) -> dict:
    return {"source": source, "detail-type": kind, "account": ACCOUNT, "region": region, "detail": detail}


def alarm(name: str, region: str = "eu-central-2") -> dict:
    return event("aws.cloudwatch", "CloudWatch Alarm State Change", region, alarmName=name)


def passed(rule: str, what: dict) -> bool:
    return matches(EVENTS[rule]["EventPattern"], what)


@pytest.mark.parametrize("rule, what", [
    ("AlarmRule", alarm("alarm-database-standby-t1")),
    ("AlarmRule", alarm("alarm-outage-primary-t1")),
    ("DatabaseRule", event("aws.rds", "RDS DB Cluster Event", SourceIdentifier="aurora-standby-t1")),
    ("DatabaseRule", event("aws.rds", "RDS DB Instance Event", SourceIdentifier="aurora-standby-1-t1")),
    ("CapacityRule", event("aws.autoscaling", "EC2 Instance Launch Unsuccessful", AutoScalingGroupName="asg-standby-t1")),
    ("SignalRule", alarm("alarm-health-primary-t1", "us-east-1")),
    ("SignalRule", alarm("alarm-database-primary-t1", "eu-central-1")),
    ("SignalRule", event("aws.rds", "RDS DB Cluster Event", "eu-central-1", SourceIdentifier="aurora-primary-t1")),
    ("SignalRule", event("drd.heartbeat", "Heartbeat")),
    ("SignalRule", event("drd.lag", "Replication Lag")),
    ("SignalRule", event("drd.witness", "Endpoint Verdict", "eu-west-1")),
])
def test_what_drd_reads_is_passed_on(rule, what):
    assert passed(rule, what)


@pytest.mark.parametrize("what", [
    alarm("alarm-database-standby-x-t1"),
    alarm("alarm-database-standby-t11"),
    event("aws.rds", "RDS DB Cluster Event", SourceIdentifier="aurora-standby-x-t1"),
    event("aws.autoscaling", "EC2 Instance Launch Successful", AutoScalingGroupName="asg-standby-t2"),
])
def test_another_estate_of_the_account_is_not_heard(what):
    assert not any(passed(rule, what) for rule in ("AlarmRule", "DatabaseRule", "CapacityRule"))


def test_eventbridge_publishes_nothing_to_the_topic_that_feeds_the_queue():
    statements = properties("foundation", Suffix="t1", Role="standby", **{"AWS::Region": "eu-central-2"})
    policy = statements["TopicPolicy"]["PolicyDocument"]["Statement"]
    rule = f"arn:aws:events:eu-central-2:{ACCOUNT}:rule/rule-page-t1"
    assert verdict(policy, "events.amazonaws.com", "sns:Publish", "Topic", aws__SourceArn=rule) == "nothing"


def test_pages_go_to_people_and_not_back_to_drd():
    page = event("drd.page", "Page", suffix="t1")
    assert passed("PageRule", page) and not passed("SignalRule", page)
    assert EVENTS["PageRule"]["Targets"][0]["Arn"] == "PageTopic"
    assert EVENTS["AlarmSubscription"]["TopicArn"] == TOPIC, "what anybody's rule may publish to must not feed the queue"
    published = EVENTS["PageTopicPolicy"]["PolicyDocument"]["Statement"]
    assert verdict(published, "events.amazonaws.com", "sns:Publish", "PageTopic") == "Allow"
    assert verdict(published, "events.amazonaws.com", "sns:Publish", "PageTopic", aws__SecureTransport="false") == "Deny"
    assert not passed("PageRule", event("drd.page", "Page", suffix="t2"))


def test_what_drd_would_not_understand_stays_out_of_the_queue():
    strange = [event("drd.other", "Heartbeat"), event("aws.cloudwatch", "CloudWatch Alarm Configuration Change")]
    assert not any(passed(rule, what) for rule in INTO_THE_QUEUE for what in strange)


def test_health_alarms_are_forwarded_from_us_east_1_to_the_bus_and_no_others():
    rule = EDGE["ForwardRule"]
    assert rule["Targets"][0]["Arn"] == f"arn:aws:events:eu-central-2:{ACCOUNT}:event-bus/bus-t1"
    named = {EDGE[alarm]["AlarmName"] for alarm in ("PrimaryHealthAlarm", "StandbyHealthAlarm")}
    assert all(matches(rule["EventPattern"], alarm(name, "us-east-1")) for name in named)
    assert not matches(rule["EventPattern"], alarm("alarm-health-primary-x-t1", "us-east-1"))


def latch(who: str, action: str, resource: str = OBJECT, **keys: str) -> str:
    return verdict(BUCKET, who, action, resource, **keys)


def test_anybody_reads_the_latch_over_tls_and_nothing_else():
    assert latch("anonymous", "s3:GetObject") == "Allow"
    assert latch("anonymous", "s3:GetObject", aws__SecureTransport="false") == "Deny"
    for action, resource in (("s3:GetObject", OBJECT + "2"), ("s3:GetObjectVersion", OBJECT),
                             ("s3:ListBucket", "arn:aws:s3:::bucket-latch-standby-t1")):
        assert latch("anonymous", action, resource) == "nothing"


@pytest.mark.parametrize("keys, said", [
    ({"s3__if_none_match": "*"}, "nothing"),
    ({"s3__if_match": '"etag"'}, "nothing"),
    ({}, "Deny"),
])
def test_the_latch_is_only_put_on_a_condition(keys, said):
    put = {"s3__ObjectCreationOperation": "true"} | keys
    assert latch(DAEMON, "s3:PutObject", **put) == said


def test_no_other_object_is_put_beside_the_latch():
    put = {"s3__ObjectCreationOperation": "true", "s3__if_none_match": "*"}
    assert latch(DAEMON, "s3:PutObject", OBJECT + "-2", **put) == "Deny"


def test_the_latch_is_only_deleted_on_a_condition_and_destroy_can_still_empty_the_bucket():
    assert latch(DAEMON, "s3:DeleteObject") == "Deny"
    assert latch(DAEMON, "s3:DeleteObject", s3__if_match='"etag"') == "nothing"
    assert latch(ADMINISTRATOR, "s3:DeleteObjectVersion") == "nothing"


def test_the_latch_check_asks_for_the_object_that_drd_writes():
    config = EDGE["LatchHealthCheck"]["HealthCheckConfig"]
    host = config["FullyQualifiedDomainName"]
    assert host == f"{LATCH['LatchBucket']['BucketName']}.s3.eu-central-2.amazonaws.com"
    assert f"arn:aws:s3:::{host.split('.')[0]}{config['ResourcePath']}" == OBJECT
    assert config["Inverted"] is True and config["Type"] == "HTTPS"
