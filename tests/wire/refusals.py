"""Rules of AWS for types that the emulator has: names taken once, members that cannot leave, tags that go, groups
that launch.

Each wraps the emulator's own handler and asks its own API. Deliberately absent: types that it lacks
(cloudformation.py) and buckets (buckets.py).
"""

from cloudformation import HANDLERS, Refused, flat, here, ok, only, tag_zone_thing, tags_as
from ministack.services import alb, autoscaling, dynamodb, ec2, ecs, iam, rds, route53, ssm, tagging
from ministack.services.cloudformation import provisioners

CLUSTER = (
    "DBClusterIdentifier", "GlobalClusterIdentifier", "Engine", "EngineVersion", "DBSubnetGroupName",
    "VpcSecurityGroupIds", "DBClusterParameterGroupName", "MasterUsername", "MasterUserPassword", "DatabaseName",
    "StorageEncrypted", "KmsKeyId", "BackupRetentionPeriod", "PreferredBackupWindow", "Port", "SourceRegion",
    "PreferredMaintenanceWindow", "EnableIAMDatabaseAuthentication", "EnableHttpEndpoint", "CopyTagsToSnapshot",
    "EnableCloudwatchLogsExports", "DeletionProtection", "StorageType", "EngineMode", "AutoMinorVersionUpgrade",
    "PerformanceInsightsEnabled", "PerformanceInsightsKmsKeyId", "PerformanceInsightsRetentionPeriod",
    "DeleteAutomatedBackups", "DatabaseInsightsMode", "MonitoringInterval", "MonitoringRoleArn",
    "EngineLifecycleSupport")


def clusters_join_and_leave() -> None:
    """AWS: a DBCluster with GlobalClusterIdentifier joins at its creation; its deletion first leaves the global
    cluster, which the writer cannot while readers remain, and then fails while instances remain. An estranged
    member's deletion fails; where the whole global cluster is gone, the handler takes the cluster for deleted.
    """
    original = HANDLERS["AWS::RDS::DBCluster"]

    def create(_logical, props, _stack):
        only("AWS::RDS::DBCluster", props, *CLUSTER)
        if "DBClusterIdentifier" not in props:
            raise Refused("AWS::RDS::DBCluster: a cluster without DBClusterIdentifier is not modelled here")
        for key, known in (("DBSubnetGroupName", rds._subnet_groups), ("KmsKeyId", None)):
            if known is not None and props.get(key) and props[key] not in known:
                raise Refused(f"DBSubnetGroupNotFoundFault: {props[key]}")
        # CloudFormation's handler fills it in; the API's own default, and the emulator's, is 5432.
        props = {"Port": 3306, **props} if props.get("Engine", "").startswith("aurora") else props
        query = flat({k: v for k, v in props.items() if k != "Tags"}, VpcSecurityGroupIds="VpcSecurityGroupId")
        ok(rds._create_db_cluster(query | tags_as("Tags.Tag", props.get("Tags"))))
        cluster = rds._clusters[props["DBClusterIdentifier"]]
        cluster["EnabledCloudwatchLogsExports"] = props.get("EnableCloudwatchLogsExports", [])
        return props["DBClusterIdentifier"], provisioners._rds_db_cluster_attrs(cluster)

    def delete(physical, props):
        if physical not in rds._clusters:
            return
        home = props.get("GlobalClusterIdentifier")
        if home and not rds._resolve_global_cluster(home):
            return
        if home:
            arn = rds._clusters[physical]["DBClusterArn"]
            if arn not in [m["DBClusterArn"] for m in rds._resolve_global_cluster(home)["GlobalClusterMembers"]]:
                raise Refused(f"InvalidParameterValue: Cluster {arn} is not found in global cluster {home}")
            ok(rds._remove_from_global_cluster({"GlobalClusterIdentifier": [home], "DbClusterIdentifier": [arn]}))
        ok(rds._delete_db_cluster({"DBClusterIdentifier": [physical], "SkipFinalSnapshot": ["true"]}))

    HANDLERS["AWS::RDS::DBCluster"] = {**original, "create": create, "delete": delete}
    provisioners._STACK_TAG_PROPERTY["AWS::RDS::DBCluster"] = ("Tags", "list")


def zones_are_tagged_and_kept_while_full() -> None:
    """AWS: HostedZoneTags are tags; a zone with records beyond its own SOA and NS cannot be deleted."""
    original = HANDLERS["AWS::Route53::HostedZone"]

    def create(logical, props, stack):
        physical, given = original["create"](logical, props, stack)
        tag_zone_thing("hostedzone", physical, props.get("HostedZoneTags"))
        return physical, given

    def delete(physical, _props):
        if physical in route53._zones:
            ok(route53._delete_hosted_zone(physical))
            route53._tags.pop(("hostedzone", physical), None)

    HANDLERS["AWS::Route53::HostedZone"] = {**original, "create": create, "delete": delete}
    provisioners._STACK_TAG_PROPERTY["AWS::Route53::HostedZone"] = ("HostedZoneTags", "list")


def names_are_taken_once() -> None:
    """AWS: IAM names are global in an account: a second stack, in whatever region, cannot take one in use."""
    for kind, prop, taken in (("AWS::IAM::Role", "RoleName", iam._roles),
                              ("AWS::IAM::InstanceProfile", "InstanceProfileName", iam._instance_profiles)):
        original = HANDLERS[kind]

        def create(logical, props, stack, original=original, prop=prop, taken=taken):
            if props.get(prop) in taken:
                raise Refused(f"{props[prop]} already exists")
            return original["create"](logical, props, stack)

        HANDLERS[kind] = {**original, "create": create}


def groups_launch_and_register() -> None:
    """AWS: a group launches its desired instances when it is made, keeps them with its target groups, and follows
    its capacity from then on; the targets of a group that is gone are gone.
    """
    original, reconcile = HANDLERS["AWS::AutoScaling::AutoScalingGroup"], autoscaling._reconcile_instances

    def register(group):
        reconcile(group)
        ids = [i["InstanceId"] for i in group["Instances"]]
        for arn in group.get("TargetGroupARNs", []):
            alb._targets[arn] = []
            if ids:
                ok(alb._register_targets({"TargetGroupArn": [arn], **flat_targets(ids)}))

    def create(logical, props, stack):
        missing = [arn for arn in props.get("TargetGroupARNs", []) if arn not in alb._tgs]
        if missing:
            raise Refused(f"ValidationError: target groups not found: {missing}")
        name, given = original["create"](logical, props, stack)
        group = autoscaling._asgs[name]
        group["TargetGroupARNs"] = props.get("TargetGroupARNs", [])
        autoscaling._reconcile_instances(group)
        return name, given

    autoscaling._reconcile_instances = register
    HANDLERS["AWS::AutoScaling::AutoScalingGroup"] = {**original, "create": create}


def flat_targets(ids: list[str]) -> dict:
    return {f"Targets.member.{i}.Id": [identity] for i, identity in enumerate(ids, 1)}


def images_have_names() -> None:
    """AWS: Systems Manager names the newest machine image of each architecture in every region."""
    known = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"
    ssm._PUBLIC_AMI_PARAMETERS[f"{known}arm64"] = "ami-0a2023a1b2c3d4e5f"


def tags_go_with_what_they_were_on() -> None:
    """AWS: a deleted table, service or task definition has no tags any more."""
    def table(physical):
        return (dynamodb._tags, dynamodb._tables.get(physical, {}).get("TableArn"))

    for kind, store in (("AWS::DynamoDB::Table", table), ("AWS::ECS::Service", lambda arn: (ecs._tags, arn)),
                        ("AWS::ECS::TaskDefinition", lambda arn: (ecs._tags, arn))):
        original = HANDLERS[kind]

        def delete(physical, props, original=original, store=store):
            tags, arn = store(physical)
            original["delete"](physical, props)
            tags.pop(arn, None)

        HANDLERS[kind] = {**original, "delete": delete}


def the_index_forgets_volumes_late() -> None:
    """AWS: the tag index lists a deleted volume for minutes to hours (aws/aws-cli issue 4173)."""
    deleted, delete = {}, ec2._ACTION_MAP["DeleteVolume"]

    def remember(p):
        volume = p["VolumeId"][0]
        tags = ec2._tags.get(volume, [])
        answer = delete(p)
        if answer[0] == 200:
            deleted.setdefault(here("")[:2], {})[volume] = tags
        return answer

    def listed():
        account, region, _ = here("")
        alive = {volume: ec2._tags.get(volume, []) for volume in ec2._volumes}
        for volume, tags in {**alive, **deleted.get((account, region), {})}.items():
            yield f"arn:aws:ec2:{region}:{account}:volume/{volume}", tags

    ec2._ACTION_MAP["DeleteVolume"] = remember
    tagging._COLLECTORS["ec2"] = listed


def change_sets_know_what_replaces() -> None:
    """AWS: a change set says for each property whether it replaces the resource; these are the only ones that do."""
    for kind, replacing in (("AWS::S3::Bucket", ("BucketName",)), ("AWS::SQS::Queue", ("QueueName", "FifoQueue")),
                            ("AWS::KMS::Key", ("MultiRegion",)), ("AWS::SecretsManager::Secret", ("Name",)),
                            ("AWS::S3::BucketPolicy", ("Bucket",))):
        provisioners._REPLACING_PROPERTIES.setdefault(kind, replacing)


def install() -> None:
    clusters_join_and_leave()
    zones_are_tagged_and_kept_while_full()
    names_are_taken_once()
    groups_launch_and_register()
    images_have_names()
    tags_go_with_what_they_were_on()
    the_index_forgets_volumes_late()
    change_sets_know_what_replaces()
