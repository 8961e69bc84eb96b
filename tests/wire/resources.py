"""Makes the AWS side of an estate, as `drd bootstrap` makes it, reduced to what the daemon calls.

Deliberately absent: networks, keys, secrets, stacks and IAM; tests/bootstrap judges those.
"""

import json

PRIMARY, STANDBY, GLOBAL = "eu-central-1", "eu-central-2", "us-east-1"
REGION = {"primary": PRIMARY, "standby": STANDBY}
ADDRESS = {"primary": "127.0.0.11", "standby": "127.0.0.12"}
ENGINE = {"Engine": "aurora-postgresql", "EngineVersion": "16.8"}
SERVING, MINIMAL, ROOM = 3, 1, 10
LATCH_KEY = "active-side"
READABLE_KEY = "readable"
# What an account or an organisation that allows no public object sets on every bucket.
BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
VISIBILITY_SECONDS, RECEIVES = "2", "3"


def build(estate) -> None:
    build_databases(estate)
    build_capacity(estate)
    build_queue(estate)
    build_latch(estate)
    build_zone(estate)


def build_databases(estate) -> None:
    login = {"MasterUsername": "drd", "MasterUserPassword": "not-a-secret"}
    estate.rds["primary"].create_global_cluster(
        GlobalClusterIdentifier=estate.global_cluster, StorageEncrypted=True, **ENGINE)
    for side, extra in (("primary", login), ("standby", {})):
        cluster = estate.name("aurora", side)
        estate.rds[side].create_db_cluster(
            DBClusterIdentifier=cluster, GlobalClusterIdentifier=estate.global_cluster, **ENGINE, **extra)
        estate.rds[side].create_db_instance(
            DBInstanceIdentifier=f"{cluster}-0", DBClusterIdentifier=cluster, DBInstanceClass="db.r6g.large",
            Engine=ENGINE["Engine"], PromotionTier=0)


def build_capacity(estate) -> None:
    for side, size in (("primary", SERVING), ("standby", MINIMAL)):
        estate.asg[side].create_auto_scaling_group(
            AutoScalingGroupName=estate.name("asg", side), MinSize=size, DesiredCapacity=size, MaxSize=ROOM,
            AvailabilityZones=[f"{REGION[side]}{zone}" for zone in "abc"],
            LaunchTemplate={"LaunchTemplateName": estate.name("template", side), "Version": "1"})


def build_queue(estate) -> None:
    """The queue of events, its dead-letter queue, and the rule that brings drd's own events to it."""
    def queue(kind: str, **attributes: str) -> tuple[str, str]:
        url = estate.sqs.create_queue(QueueName=f"{kind}-{estate.suffix}", Attributes=attributes)["QueueUrl"]
        known = estate.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, known["Attributes"]["QueueArn"]

    estate.dead_url, dead_arn = queue("queue-dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": RECEIVES})
    estate.queue_url, arn = queue("queue-events", RedrivePolicy=redrive, VisibilityTimeout=VISIBILITY_SECONDS)
    rule = f"rule-drd-{estate.suffix}"
    estate.bus.put_rule(Name=rule, EventPattern=json.dumps({"source": [{"prefix": "drd."}]}))
    estate.bus.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])


def build_latch(estate) -> None:
    """A bucket of which outsiders read two keys: the latch, and one that is always there."""
    estate.s3.create_bucket(Bucket=estate.bucket, CreateBucketConfiguration={"LocationConstraint": STANDBY})
    estate.s3.delete_public_access_block(Bucket=estate.bucket)
    keys = [f"arn:aws:s3:::{estate.bucket}/{key}" for key in (LATCH_KEY, READABLE_KEY)]
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": keys}
    policy = {"Version": "2012-10-17", "Statement": [everybody]}
    estate.s3.put_bucket_policy(Bucket=estate.bucket, Policy=json.dumps(policy))
    estate.s3.put_object(Bucket=estate.bucket, Key=READABLE_KEY, Body=b"read by outsiders")


def build_zone(estate) -> None:
    """The failover pair: the latch alone decides, and it fails safe to PRIMARY."""
    zone = f"{estate.suffix}.example.com."
    made = estate.route53.create_hosted_zone(Name=zone, CallerReference=estate.suffix)
    estate.zone_id = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
    config = {"Type": "HTTPS", "FullyQualifiedDomainName": f"{estate.bucket}.s3.{STANDBY}.amazonaws.com",
              "ResourcePath": f"/{LATCH_KEY}", "Port": 443, "RequestInterval": 10, "FailureThreshold": 3,
              "Inverted": True, "EnableSNI": True}
    check = estate.route53.create_health_check(
        CallerReference=f"latch-{estate.suffix}", HealthCheckConfig=config)["HealthCheck"]["Id"]
    role = {"primary": {"Failover": "PRIMARY", "HealthCheckId": check}, "standby": {"Failover": "SECONDARY"}}
    pair = [{"Name": estate.record, "Type": "A", "TTL": 30, "SetIdentifier": side,
             "ResourceRecords": [{"Value": ADDRESS[side]}]} | role[side] for side in REGION]
    estate.route53.change_resource_record_sets(HostedZoneId=estate.zone_id, ChangeBatch={
        "Changes": [{"Action": "CREATE", "ResourceRecordSet": record} for record in pair]})
