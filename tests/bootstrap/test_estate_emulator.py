"""The emulator's extension checked against itself: what AWS refuses is refused here, and stacks take time.

If one of these fails, nothing that the other tests say about drd counts. Deliberately absent: the templates
(test_estate_templates.py) and the binary.
"""

import json

import pytest
from botocore.exceptions import ClientError
from resources import ENGINE, GLOBAL, PRIMARY, STANDBY
from world import eventually

QUICK = 20.0


def template(**resources) -> str:
    return json.dumps({"Resources": resources})


def resource(kind: str, /, depends: str | None = None, **properties) -> dict:
    made = {"Type": f"AWS::{kind}", "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete",
            "Properties": properties}
    return made | ({"DependsOn": depends} if depends else {})


def create(place, name: str, body: str) -> str:
    """Starts it and waits for its end; the status it ended in."""
    place.cloudformation.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])
    return ended(place, name)


def delete(place, name: str) -> str:
    place.cloudformation.delete_stack(StackName=name)
    return ended(place, name)


def ended(place, name: str) -> str:
    def status():
        try:
            now = place.cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        except ClientError as error:
            assert "does not exist" in str(error)
            return "DELETE_COMPLETE"
        return None if now.endswith("_IN_PROGRESS") else now

    return eventually(f"the operation on {name} ends", status, QUICK, every=0.05)


def reasons(place, name: str) -> str:
    events = place.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    return " | ".join(e.get("ResourceStatusReason", "") for e in events)


def database(name: str, cluster: str, **more) -> str:
    instance = resource("RDS::DBInstance", DBInstanceIdentifier=f"{cluster}-1", DBClusterIdentifier={"Ref": "Cluster"},
                        DBInstanceClass="db.r6g.large", Engine=ENGINE["Engine"])
    return template(Instance=instance, Cluster=resource(
        "RDS::DBCluster", DBClusterIdentifier=cluster, GlobalClusterIdentifier=name, **ENGINE, **more))


def test_a_type_or_a_property_that_is_not_modelled_is_refused_and_never_faked(account):
    place = account.region(PRIMARY)
    with pytest.raises(ClientError, match="Unsupported|not supported|Unrecognized"):
        create(place, "unknown-type", template(A=resource("RDS::Imaginary")))
        raise AssertionError(reasons(place, "unknown-type"))
    assert create(place, "unknown-property", template(A=resource("EC2::EIP", Colour="red"))) == "ROLLBACK_COMPLETE"
    assert "refused: Colour" in reasons(place, "unknown-property")


def test_a_stack_being_made_can_be_seen_and_one_rolled_back_keeps_its_name_until_deleted(account):
    place = account.region(PRIMARY)
    parts = {f"Q{i}": resource("SQS::Queue", QueueName=f"queue-{i}") for i in range(60)}
    place.cloudformation.create_stack(StackName="slow", TemplateBody=template(**parts))
    assert place.cloudformation.describe_stacks(StackName="slow")["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS"
    assert len(place.cloudformation.describe_stack_resources(StackName="slow")["StackResources"]) < len(parts)
    assert ended(place, "slow") == "CREATE_COMPLETE"
    parts["Bad"] = resource("EC2::NatGateway", SubnetId="subnet-none", AllocationId="eipalloc-none")
    assert create(place, "broken", template(Bad=parts["Bad"])) == "ROLLBACK_COMPLETE"
    with pytest.raises(ClientError, match="AlreadyExists"):
        create(place, "broken", template(Q=resource("SQS::Queue", QueueName="q")))
    assert delete(place, "broken") == "DELETE_COMPLETE"
    assert create(place, "broken", template(Q=resource("SQS::Queue", QueueName="q"))) == "CREATE_COMPLETE"


def test_a_deletion_asked_for_during_the_creation_leaves_nothing(account):
    place = account.region(PRIMARY)
    parts = {f"Q{i}": resource("SQS::Queue", QueueName=f"queue-{i}") for i in range(8)}
    place.cloudformation.create_stack(StackName="brief", TemplateBody=template(**parts))
    place.cloudformation.delete_stack(StackName="brief")
    place.cloudformation.delete_stack(StackName="brief")
    eventually("nothing is left", lambda: not place.client("sqs").list_queues().get("QueueUrls"), QUICK)
    assert ended(place, "brief") == "DELETE_COMPLETE"


def test_the_writer_cannot_leave_while_a_reader_remains_nor_the_global_cluster_go_before_its_members(account):
    first, second = account.region(PRIMARY), account.region(STANDBY)
    world = template(G=resource("RDS::GlobalCluster", GlobalClusterIdentifier="world", StorageEncrypted=True, **ENGINE))
    login = {"MasterUsername": "drd", "MasterUserPassword": "not-a-secret"}
    assert create(first, "global", world) == "CREATE_COMPLETE"
    assert create(first, "data-1", database("world", "one", **login)) == "CREATE_COMPLETE", reasons(first, "data-1")
    assert create(second, "data-2", database("world", "two")) == "CREATE_COMPLETE", reasons(second, "data-2")
    assert delete(first, "global") == "DELETE_FAILED"
    assert "member" in reasons(first, "global")
    assert delete(first, "data-1") == "DELETE_FAILED"
    assert "while reader members remain" in reasons(first, "data-1")
    for place, name in ((second, "data-2"), (first, "data-1"), (first, "global")):
        assert delete(place, name) == "DELETE_COMPLETE", reasons(place, name)
    assert first.client("rds").describe_global_clusters()["GlobalClusters"] == []
    for place in (first, second):
        assert place.client("rds").describe_db_clusters()["DBClusters"] == []
        assert place.client("rds").describe_db_instances()["DBInstances"] == []


@pytest.mark.parametrize(("given", "port"), [({}, 3306), ({"Port": 5432}, 5432)])
def test_an_aurora_cluster_of_a_stack_listens_on_3306_unless_its_template_names_a_port(account, given, port):
    place = account.region(PRIMARY)
    login = {"MasterUsername": "drd", "MasterUserPassword": "not-a-secret"}
    cluster = resource("RDS::DBCluster", DBClusterIdentifier=f"one-{port}", **ENGINE, **login, **given)
    assert create(place, f"data-{port}", template(Cluster=cluster)) == "CREATE_COMPLETE"
    (found,) = place.client("rds").describe_db_clusters(DBClusterIdentifier=f"one-{port}")["DBClusters"]
    assert found["Port"] == port


def test_concurrency_cannot_be_reserved_in_a_new_account(account):
    place = account.region(PRIMARY)
    bad = template(A=resource("Lambda::Function", FunctionName="f", Role=f"arn:aws:iam::{account.identity}:role/r",
                              Runtime="python3.13", Handler="index.handler", Code={"ZipFile": "def handler(*_): 1"},
                              ReservedConcurrentExecutions=1))
    assert create(place, "reserved", bad) == "ROLLBACK_COMPLETE"
    assert "below its minimum value of [10]" in reasons(place, "reserved")


def test_a_port_of_a_load_balancer_has_one_listener(account):
    place = account.region(PRIMARY)
    group = resource("ElasticLoadBalancingV2::TargetGroup", Name="tg", Protocol="HTTP", Port=80)
    balancer = resource("ElasticLoadBalancingV2::LoadBalancer", Name="alb")
    forward = [{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}]
    first, second = (resource("ElasticLoadBalancingV2::Listener", depends, LoadBalancerArn={"Ref": "Alb"}, Port=80,
                              Protocol="HTTP", DefaultActions=forward) for depends in ("Alb", "First"))
    assert create(place, "listeners", template(Group=group, Alb=balancer, First=first, Second=second)) \
        == "ROLLBACK_COMPLETE"
    assert "A listener already exists on this port" in reasons(place, "listeners")


def test_a_security_group_that_is_named_like_an_id_is_refused(account):
    place = account.region(PRIMARY)
    bad = template(A=resource("EC2::SecurityGroup", GroupName="SG-daemon", GroupDescription="x"))
    assert create(place, "named-like-an-id", bad) == "ROLLBACK_COMPLETE"
    assert "Group names may not be in the format sg-*" in reasons(place, "named-like-an-id")


def test_a_bucket_that_is_not_empty_stays_and_replication_needs_its_destination(account):
    first, second = account.region(PRIMARY), account.region(STANDBY)
    mine, theirs = f"bucket-one-{account.suffix}", f"bucket-two-{account.suffix}"
    versioned = {"VersioningConfiguration": {"Status": "Enabled"}}
    rule = {"Id": "all", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""},
            "DeleteMarkerReplication": {"Status": "Enabled"}, "Destination": {"Bucket": f"arn:aws:s3:::{theirs}"}}
    across = {"ReplicationConfiguration": {"Role": f"arn:aws:iam::{account.identity}:role/r", "Rules": [rule]}}
    source = template(B=resource("S3::Bucket", BucketName=mine, **versioned, **across))
    assert create(first, "source", source) == "ROLLBACK_COMPLETE"
    assert "Destination bucket must exist" in reasons(first, "source")
    assert delete(first, "source") == "DELETE_COMPLETE"
    target = template(B=resource("S3::Bucket", BucketName=theirs, **versioned))
    assert create(second, "target", target) == "CREATE_COMPLETE"
    assert create(first, "source", source) == "CREATE_COMPLETE", reasons(first, "source")
    s3 = first.client("s3")
    s3.put_object(Bucket=mine, Key="k", Body=b"v")
    eventually("the object crosses", lambda: second.client("s3").list_objects_v2(Bucket=theirs).get("Contents"), 5)
    s3.delete_object(Bucket=mine, Key="k")
    assert delete(first, "source") == "DELETE_FAILED"
    assert "BucketNotEmpty" in reasons(first, "source")
    listed = s3.list_object_versions(Bucket=mine)
    for version in (*listed["Versions"], *listed["DeleteMarkers"]):
        s3.delete_object(Bucket=mine, Key="k", VersionId=version["VersionId"])
    assert delete(first, "source") == "DELETE_COMPLETE"


def test_an_alarm_in_one_region_reaches_a_queue_in_another_by_rules_and_buses(account):
    far, near = account.region(GLOBAL), account.region(STANDBY)
    queue = near.client("sqs").create_queue(QueueName="events")["QueueUrl"]
    arn = f"arn:aws:sqs:{STANDBY}:{account.identity}:events"
    pattern = json.dumps({"source": ["aws.cloudwatch"]})
    for place, target in ((far, f"arn:aws:events:{STANDBY}:{account.identity}:event-bus/default"), (near, arn)):
        place.client("events").put_rule(Name="on", EventPattern=pattern)
        place.client("events").put_targets(Rule="on", Targets=[
            {"Id": "t", "Arn": target, "RoleArn": f"arn:aws:iam::{account.identity}:role/r"}])
    watch = far.client("cloudwatch")
    watch.put_metric_alarm(AlarmName="a", Namespace="N", MetricName="M", Period=60, EvaluationPeriods=1,
                           Statistic="Minimum", Threshold=1, ComparisonOperator="LessThanThreshold")
    watch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="the test says so")
    message = eventually("the event arrives", lambda: near.client("sqs").receive_message(
        QueueUrl=queue, MaxNumberOfMessages=1).get("Messages"), 5)[0]
    event = json.loads(message["Body"])
    assert (event["region"], event["detail"]["state"]["value"]) == (GLOBAL, "ALARM")
    assert event["resources"] == [f"arn:aws:cloudwatch:{GLOBAL}:{account.identity}:alarm:a"]
