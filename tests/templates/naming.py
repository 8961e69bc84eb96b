"""Rules of names and tags: what is ours can be told from its name and from its tags.

Deliberately absent: names that must be unique but are nobody's choice (record names, hosted zones).
"""

from collections.abc import Iterator
from typing import Any

from exceptions import NAMED_OTHERWISE
from loading import Template, listed
from schemas import tag_property

# The property that carries the name, or None where the type has none of ours to choose. A type that is missing
# here is a finding: somebody has to say which it is.
NAME_PROPERTY: dict[str, str | None] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": None,
    "AWS::ApplicationAutoScaling::ScalingPolicy": "PolicyName",
    "AWS::AutoScaling::AutoScalingGroup": "AutoScalingGroupName",
    "AWS::AutoScaling::LifecycleHook": "LifecycleHookName",
    "AWS::AutoScaling::ScalingPolicy": None,
    "AWS::AutoScaling::WarmPool": None,
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::EC2::EIP": None,
    "AWS::EC2::FlowLog": None,
    "AWS::EC2::InternetGateway": None,
    "AWS::EC2::LaunchTemplate": "LaunchTemplateName",
    "AWS::EC2::NatGateway": None,
    "AWS::EC2::Route": None,
    "AWS::EC2::RouteTable": None,
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::EC2::Subnet": None,
    "AWS::EC2::SubnetRouteTableAssociation": None,
    "AWS::EC2::VPC": None,
    "AWS::EC2::VPCEndpoint": None,
    "AWS::EC2::VPCGatewayAttachment": None,
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::ECS::ClusterCapacityProviderAssociations": None,
    "AWS::ECS::Service": "ServiceName",
    "AWS::ECS::TaskDefinition": "Family",
    "AWS::ElasticLoadBalancingV2::Listener": None,
    "AWS::ElasticLoadBalancingV2::ListenerRule": None,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Name",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Name",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::EventBusPolicy": None,
    "AWS::Events::Rule": "Name",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "PolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::RolePolicy": "PolicyName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::KMS::Key": None,
    "AWS::Lambda::EventInvokeConfig": None,
    "AWS::Lambda::EventSourceMapping": None,
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::Permission": None,
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::MetricFilter": "FilterName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBClusterParameterGroup": "DBClusterParameterGroupName",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBParameterGroup": "DBParameterGroupName",
    "AWS::RDS::DBSubnetGroup": "DBSubnetGroupName",
    "AWS::RDS::EventSubscription": "SubscriptionName",
    "AWS::RDS::GlobalCluster": "GlobalClusterIdentifier",
    "AWS::Route53::HealthCheck": None,
    "AWS::Route53::HostedZone": None,
    "AWS::Route53::RecordSet": None,
    "AWS::S3::Bucket": "BucketName",
    "AWS::S3::BucketPolicy": None,
    "AWS::SNS::Subscription": None,
    "AWS::SNS::Topic": "TopicName",
    "AWS::SNS::TopicPolicy": None,
    "AWS::SQS::Queue": "QueueName",
    "AWS::SQS::QueuePolicy": None,
    "AWS::SSM::Parameter": "Name",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::Scheduler::ScheduleGroup": "Name",
    "AWS::SecretsManager::Secret": "Name",
}
ACCOUNT_WIDE = {"AWS::IAM::InstanceProfile", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role"}
# The schema calls it untaggable because its tags belong to the version and to what is launched from it.
TAGS_ELSEWHERE = {"AWS::EC2::LaunchTemplate": "TagSpecifications"}


def text_of(value: Any) -> str:
    """A name as its template text: `${Suffix}` where it refers to the parameter."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::Sub": str(text)}:
            return text
        case {"Fn::Sub": [text, _]}:
            return text
        case {"Fn::Join": [glue, parts]}:
            return str(glue).join(map(text_of, parts))
    return ""


def every_name_ends_in_the_suffix(template: Template) -> Iterator[str]:
    for logical_id, resource in template.resources.items():
        kind = resource["Type"]
        if kind not in NAME_PROPERTY:
            yield f"{logical_id}: naming.py does not say which property names a {kind}"
            continue
        wanted = NAME_PROPERTY[kind]
        if wanted is None or (template.name, logical_id) in NAMED_OTHERWISE:
            continue
        name = resource.get("Properties", {}).get(wanted)
        if name is None:
            yield f"{logical_id}: {wanted} is missing, so AWS would choose a name"
        elif not text_of(name).endswith("-${Suffix}"):
            yield f"{logical_id}: {wanted} does not end in -${{Suffix}}"


def account_wide_names_carry_the_role(template: Template) -> Iterator[str]:
    """IAM knows no region: without the role, the two sides' stacks would want the same name."""
    for logical_id, properties in template.of_type(*ACCOUNT_WIDE) if template.sided else ():
        name = properties.get(NAME_PROPERTY[template.resources[logical_id]["Type"]] or "")
        if "${Role}" not in text_of(name):
            yield f"{logical_id}: the name does not contain ${{Role}}"


def tag_lists(value: Any) -> Iterator[Any]:
    """Every alternative of a tag property, each as a mapping of key to value."""
    if isinstance(value, dict) and "Fn::If" in value:
        for alternative in value["Fn::If"][1:]:
            yield from tag_lists(alternative)
    elif isinstance(value, dict):
        yield value
    else:
        yield {tag.get("Key"): tag.get("Value") for tag in listed(value) if isinstance(tag, dict)}


def every_taggable_resource_is_tagged(template: Template) -> Iterator[str]:
    wanted: dict[str, Any] = {"drd:suffix": {"Ref": "Suffix"}}
    if template.sided:
        wanted["drd:role"] = {"Ref": "Role"}
    for logical_id, resource in template.resources.items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        where = TAGS_ELSEWHERE.get(kind) or tag_property(kind)
        if where is None:
            continue
        value = properties.get(where)
        groups = [each.get("Tags") for each in listed(value)] if kind in TAGS_ELSEWHERE else [value]
        for tags in [tags for group in groups or [None] for tags in tag_lists(group)]:
            for key, expected in wanted.items():
                if tags.get(key) != expected:
                    yield f"{logical_id}: {where} lacks {key} = !Ref {expected['Ref']}"
            if "Name" in tags and not text_of(tags["Name"]).endswith("-${Suffix}"):
                yield f"{logical_id}: the tag Name does not end in -${{Suffix}}"


RULES = [every_name_ends_in_the_suffix, account_wide_names_carry_the_role, every_taggable_resource_is_tagged]
