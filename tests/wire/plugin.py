"""Starts MiniStack, the independent AWS emulator, with the gaps filled that a failover needs.

Run as a program, with the Python that has the pinned ministack installed. Each patch names the AWS rule it
restores and delegates to the emulator's own handlers, so that state and error rules stay independent of us.
Deliberately absent: anything that knows drd, alarm evaluation (tests put the envelope on the queue themselves),
health checks that probe (dns.py derives the answer from the latch), suspended scaling processes, and any fault
(faults.py). The figures are environment variables, in seconds: WIRE_PROMOTE, WIRE_LAUNCH; in milliseconds a resource
of a stack: WIRE_PACE; WIRE_AUDIT is a path. cloudformation.py, refusals.py, documented.py, buckets.py and stacks.py have
what stacks need, crossing.py what goes from region to region, deployments.py blue/green deployments.
"""

import copy
import os
import threading
import time

import audit
import buckets
import cloudformation
import crossing
import deployments
import documented
import refusals
import stacks
from lifeline import die_with_the_tests
from ministack import app
from ministack.core import responses
from ministack.services import account, autoscaling, rds, route53

PROMOTE_SECONDS = float(os.environ.get("WIRE_PROMOTE", "0"))
LAUNCH_SECONDS = float(os.environ.get("WIRE_LAUNCH", "0"))
PACE_MILLISECONDS = float(os.environ.get("WIRE_PACE", "0"))
AUDIT = os.environ["WIRE_AUDIT"]
MOVING = ("failing-over", "switching-over")


def later(seconds: float, action) -> None:
    """What takes time on AWS happens on a timer here; none at all when the figure is 0."""
    if seconds == 0:
        return action()
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


# --- RDS ------------------------------------------------------------------------------------------------------


def writer_arn(members: list) -> str:
    return next(m["DBClusterArn"] for m in members if m["IsWriter"])


def promotion_takes_time(name: str) -> None:
    """AWS: a failover or switchover is in flight for minutes. Meanwhile Status and FailoverState say so, IsWriter
    has not moved, and a second one is refused with InvalidGlobalClusterStateFault. There is no idempotency token.
    """
    original = rds._ACTION_MAP[name]

    def handler(p):
        cluster = rds._resolve_global_cluster(rds._p(p, "GlobalClusterIdentifier"))
        if cluster and cluster["Status"] in MOVING:
            text = f"Global cluster {cluster['GlobalClusterIdentifier']} is {cluster['Status']}."
            return rds._error("InvalidGlobalClusterStateFault", text, 400)
        before = copy.deepcopy(cluster and cluster["GlobalClusterMembers"])
        answer = original(p)
        if answer[0] == 200:
            hold_back(cluster, before, lossy=str(rds._p(p, "AllowDataLoss")).lower() == "true")
        return answer

    rds._ACTION_MAP[name] = handler


def hold_back(cluster: dict, before: list, lossy: bool) -> None:
    """The emulator has moved the writer already; show the old members until the promotion's time is over."""
    after = cluster["GlobalClusterMembers"]
    old, new = writer_arn(before), writer_arn(after)
    cluster["GlobalClusterMembers"] = before
    cluster["Status"] = MOVING[0] if lossy else MOVING[1]
    cluster["FailoverState"] = {"Status": cluster["Status"], "FromDbClusterArn": old, "ToDbClusterArn": new,
                                "IsDataLossAllowed": lossy}
    account, region = responses.get_account_id(), responses.get_region()

    def finish():
        # AWS: after a failover with data loss the old primary is no standby until its volume is rebuilt.
        for member in after:
            if lossy and member["DBClusterArn"] == old:
                member["SynchronizationStatus"] = "pending-resync"
        cluster["GlobalClusterMembers"] = after
        cluster["Status"] = "available"
        cluster.pop("FailoverState")
        audit.write(AUDIT, at=time.time(), account=account, service="emulator", action="PromotionFinished",
                    region=region, status=200, agent="")

    later(PROMOTE_SECONDS, finish)


def secondary_has_no_writer() -> None:
    """AWS: every instance of a secondary cluster is a reader; the first becomes the writer by the promotion."""
    original = rds._ACTION_MAP["DescribeDBClusters"]

    def handler(p):
        members = [m for g in rds._global_clusters.values() for m in g["GlobalClusterMembers"]]
        role = {m["DBClusterArn"]: m["IsWriter"] for m in members}
        for cluster in rds._clusters.values():
            for place, instance in enumerate(cluster.get("DBClusterMembers", [])):
                instance["IsClusterWriter"] = place == 0 and role.get(cluster["DBClusterArn"], True)
        return original(p)

    rds._ACTION_MAP["DescribeDBClusters"] = handler


# --- Auto Scaling ---------------------------------------------------------------------------------------------


def group_bounds_are_kept() -> None:
    """AWS: a MinSize above the current size raises DesiredCapacity to it; a DesiredCapacity outside
    MinSize..MaxSize is refused with ValidationError.
    """
    for name in ("UpdateAutoScalingGroup", "SetDesiredCapacity"):
        original = autoscaling._ACTION_MAP[name]

        def handler(p, original=original):
            group = autoscaling._asgs.get(autoscaling._p(p, "AutoScalingGroupName"))
            if group is None:
                return original(p)
            low, high = (int(autoscaling._p(p, k) or group[k]) for k in ("MinSize", "MaxSize"))
            desired = autoscaling._p(p, "DesiredCapacity")
            if not desired and low > group["DesiredCapacity"]:
                desired = str(low)
                p = {**p, "DesiredCapacity": desired}
            if not low <= int(desired or group["DesiredCapacity"]) <= high:
                text = f"Desired capacity must be between the min size {low} and the max size {high}."
                return autoscaling._error("ValidationError", text)
            return original(p)

        autoscaling._ACTION_MAP[name] = handler


def instances_take_time() -> None:
    """AWS: a launched instance is Pending before it is InService."""
    original = autoscaling._reconcile_instances

    def reconcile(group):
        there = len(group["Instances"])
        original(group)
        launched = group["Instances"][there:]
        for instance in launched:
            instance["LifecycleState"] = "Pending"

        def serve():
            for instance in launched:
                instance["LifecycleState"] = "InService"

        later(LAUNCH_SECONDS, serve)

    autoscaling._reconcile_instances = reconcile


# --- Route 53 -------------------------------------------------------------------------------------------------


def booleans_are_lower_case() -> None:
    """AWS: XML booleans are `true` and `false`. With `True`, SDKs read Inverted as false or refuse the answer."""
    original = route53._build_health_check_el

    def build(parent, check):
        original(parent, check)
        for element in parent.iter():
            if element.text in ("True", "False"):
                element.text = element.text.lower()

    route53._build_health_check_el = build


# --- Account --------------------------------------------------------------------------------------------------


def other_opt_in_regions_are_off() -> None:
    """AWS: a region that came after 2019 is disabled until the account enables it; this one enabled eu-central-2."""
    original = account._DISPATCH["/getRegionOptStatus"]

    def status(payload):
        region = payload.get("RegionName")
        if region in account._OPT_IN_REQUIRED - {"eu-central-2"}:
            return account._json(200, {"RegionName": region, "RegionOptStatus": "DISABLED"})
        return original(payload)

    account._DISPATCH["/getRegionOptStatus"] = status


if __name__ == "__main__":
    promotion_takes_time("FailoverGlobalCluster")
    promotion_takes_time("SwitchoverGlobalCluster")
    secondary_has_no_writer()
    group_bounds_are_kept()
    instances_take_time()
    booleans_are_lower_case()
    other_opt_in_regions_are_off()
    cloudformation.install()
    refusals.install()
    documented.install()
    buckets.install()
    stacks.install(PACE_MILLISECONDS)
    crossing.install()
    deployments.install()
    app._dispatch_service_request = audit.wrap(app._dispatch_service_request, AUDIT)
    die_with_the_tests()
    app.main()
