"""The CloudFormation types that a cross-region estate needs and the emulator lacks.

Each handler calls the emulator's own API, so that state and error rules stay independent of us; a property that is
not listed here is refused, never dropped. Deliberately absent: types that the templates do not use, and updates of
the added types beyond tags and health checks (a template that needs one finds a refusal, not a pretence). refusals.py has the rules
of types that the emulator has, buckets.py those of buckets, stacks.py what is true of every stack.
"""

import json
import re
import uuid
from xml.sax.saxutils import escape

from ministack.core import responses
from ministack.services import cloudwatch, ec2, eventbridge, rds, route53
from ministack.services.cloudformation import provisioners

HANDLERS = provisioners._RESOURCE_HANDLERS
ZONE_XML = "https://route53.amazonaws.com/doc/2013-04-01/"


class Refused(ValueError):
    """What CloudFormation shows as the reason of a failed resource: the service's code and message."""


def ok(answer: tuple) -> str:
    """The body of an answer of the emulator's API; its error becomes the resource's failure."""
    body = answer[-1].decode() if isinstance(answer[-1], bytes) else str(answer[-1])
    if answer[0] >= 400:
        said = json.loads(body) if body.startswith("{") else {}
        code = field(body, "Code") or said.get("__type")
        message = field(body, "Message") or said.get("message")
        raise Refused(f"{code}: {message}" if code else body[:300])
    return body


def field(body: str, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)</{name}>", body, re.DOTALL)
    return found[1] if found else ""


def only(kind: str, props: dict, *known: str) -> dict:
    """AWS: an unknown property fails the resource. Tags are always allowed."""
    unknown = sorted(set(props) - set(known) - {"Tags"})
    if unknown:
        raise Refused(f"{kind}: not modelled here, so refused: {', '.join(unknown)}")
    return props


def flat(props: dict, **members: str) -> dict:
    """Properties as the parameters of a query API; `members` names the element of a list."""
    out = {}
    for name, value in props.items():
        if isinstance(value, list):
            out |= {f"{name}.{members.get(name, 'member')}.{i}": [str(v)] for i, v in enumerate(value, 1)}
        elif isinstance(value, bool):
            out[name] = [str(value).lower()]
        else:
            out[name] = [str(value)]
    return out


def tags_as(prefix: str, tags: list) -> dict:
    """Tags as numbered parameters: RDS has Tags.Tag.N, EC2 TagSpecification.1.Tag.N."""
    out = {}
    for i, tag in enumerate(tags or [], 1):
        out |= {f"{prefix}.{i}.Key": [tag["Key"]], f"{prefix}.{i}.Value": [str(tag["Value"])]}
    return out


def ec2_tags(kind: str, props: dict) -> dict:
    return {"TagSpecification.1.ResourceType": [kind], **tags_as("TagSpecification.1.Tag", props.get("Tags"))}


def xml(name: str, value, element: str = "member") -> str:
    """A value as XML; a list repeats `element`, or its own name where the model says so."""
    if isinstance(value, dict):
        return f"<{name}>{''.join(xml(k, v) for k, v in value.items())}</{name}>"
    if isinstance(value, list):
        one = {"ChildHealthChecks": "ChildHealthCheck", "Regions": "Region"}.get(name, element)
        return f"<{name}>{''.join(xml(one, v) for v in value)}</{name}>"
    return f"<{name}>{escape(str(value).lower() if isinstance(value, bool) else str(value))}</{name}>"


def no_update(kind: str):
    """An update that changes more than tags is refused: a faked one would hide a replacement."""
    def update(physical, old, new, _stack):
        changed = sorted(k for k in {*old, *new} if old.get(k) != new.get(k) and not k.endswith("Tags"))
        if changed:
            raise Refused(f"{kind}: an update of {', '.join(changed)} is not modelled here")
        return physical, attributes.get(here(physical), {})
    return update


attributes: dict = {}


def here(physical: str) -> tuple:
    return responses.get_account_id(), responses.get_region(), physical


def add(kind: str, create, delete, tags: tuple[str, str] | None = ("Tags", "list")) -> None:
    """Registers a type that the emulator lacks; stack tags reach it like any other."""
    def remembered(logical, props, stack):
        physical, given = create(logical, props, stack)
        attributes[here(physical)] = given
        return physical, given

    if kind in HANDLERS:
        raise RuntimeError(f"{kind}: the emulator has it now; look again before replacing it")
    HANDLERS[kind] = {"create": remembered, "delete": delete, "update": no_update(kind)}
    if tags:
        provisioners._STACK_TAG_PROPERTY[kind] = tags


# --- EC2 ------------------------------------------------------------------------------------------------------


def create_address(_logical, props, _stack):
    only("AWS::EC2::EIP", props, "Domain")
    body = ok(ec2._allocate_address({"Domain": [props.get("Domain", "vpc")], **ec2_tags("elastic-ip", props)}))
    address, allocation = field(body, "publicIp"), field(body, "allocationId")
    return address, {"AllocationId": allocation, "PublicIp": address}


def delete_address(physical, _props):
    """AWS: an address in use by a NAT gateway cannot be released (InvalidIPAddress.InUse)."""
    for allocation, address in list(ec2._addresses.items()):
        if address["PublicIp"] != physical:
            continue
        if any(n["AllocationId"] == allocation and n["State"] != "deleted" for n in ec2._nat_gateways.values()):
            raise Refused(f"InvalidIPAddress.InUse: address {physical} is in use")
        ok(ec2._release_address({"AllocationId": [allocation]}))


def create_nat(_logical, props, _stack):
    """AWS: the subnet and the allocation must exist."""
    only("AWS::EC2::NatGateway", props, "SubnetId", "AllocationId", "ConnectivityType")
    if props.get("SubnetId") not in ec2._subnets:
        raise Refused(f"InvalidSubnetID.NotFound: {props.get('SubnetId')}")
    if props.get("AllocationId") not in ec2._addresses:
        raise Refused(f"InvalidAllocationID.NotFound: {props.get('AllocationId')}")
    query = {k: [str(v)] for k, v in props.items() if k != "Tags"} | ec2_tags("natgateway", props)
    gateway = field(ok(ec2._create_nat_gateway(query)), "natGatewayId")
    return gateway, {"NatGatewayId": gateway}


def delete_nat(physical, _props):
    if physical in ec2._nat_gateways:
        ok(ec2._delete_nat_gateway({"NatGatewayId": [physical]}))


def create_flow_log(_logical, props, _stack):
    only("AWS::EC2::FlowLog", props, "ResourceId", "ResourceType", "TrafficType", "LogDestinationType",
         "LogGroupName", "LogDestination", "DeliverLogsPermissionArn", "MaxAggregationInterval", "LogFormat")
    query = {k: [str(v)] for k, v in props.items() if k not in ("Tags", "ResourceId")}
    query |= {"ResourceId.1": [props["ResourceId"]], **ec2_tags("vpc-flow-log", props)}
    body = ok(ec2._create_flow_logs(query))
    log = re.search(r"<item>(fl-[^<]*)</item>", body)[1]
    return log, {"Id": log}


def delete_flow_log(physical, _props):
    ok(ec2._delete_flow_logs({"FlowLogId.1": [physical]}))


# --- RDS ------------------------------------------------------------------------------------------------------


def create_global_cluster(_logical, props, _stack):
    only("AWS::RDS::GlobalCluster", props, "GlobalClusterIdentifier", "Engine", "EngineVersion",
         "StorageEncrypted", "DeletionProtection", "DatabaseName", "EngineLifecycleSupport")
    query = flat({k: v for k, v in props.items() if k != "Tags"}) | tags_as("Tags.Tag", props.get("Tags"))
    body = ok(rds._create_global_cluster(query))
    return field(body, "GlobalClusterIdentifier"), {"GlobalEndpoint.Address": field(body, "Endpoint")}


def delete_global_cluster(physical, _props):
    """AWS: a global cluster that has members cannot be deleted; one that is gone is deleted."""
    if rds._resolve_global_cluster(physical):
        ok(rds._delete_global_cluster({"GlobalClusterIdentifier": [physical]}))


# --- Route 53 -------------------------------------------------------------------------------------------------


def tag_zone_thing(kind: str, physical: str, tags: list) -> None:
    if tags:
        added = "".join(xml("Tag", {"Key": t["Key"], "Value": t["Value"]}) for t in tags)
        body = (f'<ChangeTagsForResourceRequest xmlns="{ZONE_XML}"><AddTags>{added}</AddTags>'
                '</ChangeTagsForResourceRequest>')
        ok(route53._change_tags_for_resource(kind, physical, body.encode()))


def create_health_check(_logical, props, _stack):
    only("AWS::Route53::HealthCheck", props, "HealthCheckConfig", "HealthCheckTags")
    body = (f'<CreateHealthCheckRequest xmlns="{ZONE_XML}">{xml("CallerReference", uuid.uuid4())}'
            f'{xml("HealthCheckConfig", props["HealthCheckConfig"])}</CreateHealthCheckRequest>')
    check = field(ok(route53._create_health_check(body.encode())), "Id")
    tag_zone_thing("healthcheck", check, props.get("HealthCheckTags"))
    return check, {"HealthCheckId": check}


def update_health_check(physical, old, new, stack, logical_id=None):
    """AWS: another Type or RequestInterval makes a new check; what else can change changes in place."""
    was, wanted = old["HealthCheckConfig"], new["HealthCheckConfig"]
    if any(was.get(key) != wanted.get(key) for key in ("Type", "RequestInterval", "MeasureLatency")):
        made = create_health_check(logical_id, new, stack)
        provisioners._delete_predecessor(delete_health_check, physical, old)
        return made
    if was != wanted:
        body = f'<UpdateHealthCheckRequest xmlns="{ZONE_XML}">{xml("HealthCheckConfig", wanted)}</UpdateHealthCheckRequest>'
        ok(route53._update_health_check(physical, body.encode()))
    return physical, {"HealthCheckId": physical}


def delete_health_check(physical, _props):
    if physical in route53._health_checks:
        ok(route53._delete_health_check(physical))
        route53._tags.pop(("healthcheck", physical), None)


# --- CloudWatch, EventBridge ----------------------------------------------------------------------------------


def create_composite_alarm(_logical, props, _stack):
    only("AWS::CloudWatch::CompositeAlarm", props, "AlarmName", "AlarmRule", "AlarmDescription", "ActionsEnabled",
         "AlarmActions", "OKActions", "InsufficientDataActions")
    if not props.get("AlarmName"):
        raise Refused("AWS::CloudWatch::CompositeAlarm: one without AlarmName is not modelled here")
    own = [t for t in props.get("Tags", []) if not t["Key"].startswith("aws:")]  # it refuses system tags
    ok(cloudwatch._put_composite_alarm({}, props | {"Tags": own}, False, True))
    return props["AlarmName"], {"Arn": cloudwatch._composite_alarms[props["AlarmName"]]["AlarmArn"]}


def delete_composite_alarm(physical, _props):
    """AWS: an alarm that a composite alarm's rule names cannot be deleted."""
    ok(cloudwatch._delete_alarms({}, {"AlarmNames": [physical]}, False, True))


def create_bus_policy(_logical, props, _stack):
    """AWS: the bus must exist, and a policy without a statement is none."""
    only("AWS::Events::EventBusPolicy", props, "EventBusName", "StatementId", "Statement")
    bus, statement = props.get("EventBusName", "default"), props.get("Statement")
    if bus != "default" and bus not in eventbridge._event_buses:
        raise Refused(f"ResourceNotFoundException: Event bus {bus} does not exist.")
    if not statement:
        raise Refused("ValidationException: a statement is required")
    ok(eventbridge._put_permission({
        "EventBusName": bus, "StatementId": props["StatementId"], "Principal": statement["Principal"],
        "Action": statement["Action"], "Condition": statement.get("Condition")}))
    return f"{bus}|{props['StatementId']}", {}


def delete_bus_policy(physical, _props):
    bus, statement = physical.split("|")
    ok(eventbridge._remove_permission({"EventBusName": bus, "StatementId": statement}))


def install() -> None:
    add("AWS::EC2::EIP", create_address, delete_address)
    add("AWS::EC2::NatGateway", create_nat, delete_nat)
    add("AWS::EC2::FlowLog", create_flow_log, delete_flow_log)
    add("AWS::RDS::GlobalCluster", create_global_cluster, delete_global_cluster)
    add("AWS::Route53::HealthCheck", create_health_check, delete_health_check, ("HealthCheckTags", "list"))
    HANDLERS["AWS::Route53::HealthCheck"]["update"] = update_health_check
    add("AWS::CloudWatch::CompositeAlarm", create_composite_alarm, delete_composite_alarm)
    add("AWS::Events::EventBusPolicy", create_bus_policy, delete_bus_policy, tags=None)
