"""Everything that is in an account, listed service by service and region by region: what `destroy` must leave empty.

Independent of drd: nothing here knows its names, tags or stacks. Deliberately absent: what AWS gives to every
account (compared with an empty account's listing), and KMS keys waiting for their deletion: AWS keeps them a week.
"""

from account import WITNESS, Account
from resources import GLOBAL

# service -> what to list: operation, key of the answer, key of the name; None where the answer is a list of names.
LISTED = {
    "cloudformation": (("list_stacks", "StackSummaries", "StackName"),),
    "rds": (("describe_db_clusters", "DBClusters", "DBClusterIdentifier"),
            ("describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
            ("describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
            ("describe_db_cluster_parameter_groups", "DBClusterParameterGroups", "DBClusterParameterGroupName"),
            ("describe_db_cluster_snapshots", "DBClusterSnapshots", "DBClusterSnapshotIdentifier")),
    "ec2": (("describe_vpcs", "Vpcs", "VpcId"), ("describe_subnets", "Subnets", "SubnetId"),
            ("describe_nat_gateways", "NatGateways", "NatGatewayId"),
            ("describe_addresses", "Addresses", "AllocationId"),
            ("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
            ("describe_route_tables", "RouteTables", "RouteTableId"),
            ("describe_security_groups", "SecurityGroups", "GroupId"),
            ("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
            ("describe_flow_logs", "FlowLogs", "FlowLogId"),
            ("describe_launch_templates", "LaunchTemplates", "LaunchTemplateName")),
    "elbv2": (("describe_load_balancers", "LoadBalancers", "LoadBalancerName"),
              ("describe_target_groups", "TargetGroups", "TargetGroupName")),
    "autoscaling": (("describe_auto_scaling_groups", "AutoScalingGroups", "AutoScalingGroupName"),
                    ("describe_policies", "ScalingPolicies", "PolicyName")),
    "sqs": (("list_queues", "QueueUrls", None),),
    "sns": (("list_topics", "Topics", "TopicArn"), ("list_subscriptions", "Subscriptions", "SubscriptionArn")),
    "events": (("list_rules", "Rules", "Name"), ("list_event_buses", "EventBuses", "Name")),
    "scheduler": (("list_schedules", "Schedules", "Name"), ("list_schedule_groups", "ScheduleGroups", "Name")),
    "lambda": (("list_functions", "Functions", "FunctionName"),),
    "logs": (("describe_log_groups", "logGroups", "logGroupName"),),
    "cloudwatch": (("describe_alarms", "MetricAlarms", "AlarmName"),
                   ("list_dashboards", "DashboardEntries", "DashboardName")),
    "dynamodb": (("list_tables", "TableNames", None),),
    "secretsmanager": (("list_secrets", "SecretList", "Name"),),
    "ssm": (("describe_parameters", "Parameters", "Name"),),
    "ecs": (("list_clusters", "clusterArns", None), ("list_task_definitions", "taskDefinitionArns", None)),
    "kms": (("list_aliases", "Aliases", "AliasName"),),
    "resourcegroupstaggingapi": (("get_resources", "ResourceTagMappingList", "ResourceARN"),),
}
EVERYWHERE = {
    "iam": (("list_roles", "Roles", "RoleName"), ("list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
            ("list_policies", "Policies", "PolicyName")),
    "route53": (("list_hosted_zones", "HostedZones", "Id"), ("list_health_checks", "HealthChecks", "Id")),
    "s3": (("list_buckets", "Buckets", "Name"),),
}
GONE = {"DELETE_COMPLETE", "deleted"}  # CloudFormation and NAT gateways are listed for a while after their end


def listed(region, service: str, what: tuple) -> set[str]:
    operation, answer, name = what
    words = {"Scope": "Local"} if operation == "list_policies" else {}
    if operation == "describe_alarms":
        words = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    found = getattr(region.client(service), operation)(**words)
    things = found.get(answer, []) + (found.get("CompositeAlarms", []) if operation == "describe_alarms" else [])
    alive = [t for t in things if name is None or t.get("StackStatus", t.get("State")) not in GONE]
    return {f"{region.name} {service} {answer} {t if name is None else t[name]}" for t in alive}


def inventory(account: Account) -> set[str]:
    """One line a thing. KMS keys waiting for their deletion are left out, also as tagged resources."""
    things = set()
    for region in account.regions.values():
        for service, lists in LISTED.items():
            for what in lists:
                things |= listed(region, service, what)
        waiting = pending_keys(region)
        things -= {t for t in things if t.split(":key/")[-1] in waiting and ":key/" in t}
        things |= {f"{region.name} kms Keys {key}" for key in keys(region) - waiting}
    for service, lists in EVERYWHERE.items():
        for what in lists:
            things |= listed(account.region(GLOBAL), service, what)
    found = account.region(WITNESS).client("rds").describe_global_clusters()["GlobalClusters"]
    return things | {f"everywhere rds GlobalClusters {g['GlobalClusterIdentifier']}" for g in found}


def keys(region) -> set[str]:
    return {k["KeyId"] for k in region.client("kms").list_keys()["Keys"]}


def pending_keys(region) -> set[str]:
    described = (region.client("kms").describe_key(KeyId=k)["KeyMetadata"] for k in keys(region))
    return {k["KeyId"] for k in described if k["KeyState"] == "PendingDeletion"}
