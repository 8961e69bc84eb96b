"""Events that AWS sends and the emulator does not: an alarm's state change, and what crosses from region to region.

Deliberately absent: alarm evaluation (a test sets an alarm's state), delivery delays, and schedules: a function of the
templates that ran by itself would write into tests that do not expect it (tests/bootstrap runs each by its own).
"""

import contextlib
import json
from datetime import UTC, datetime

from ministack.core import responses
from ministack.services import cloudwatch, eventbridge


@contextlib.contextmanager
def region(name: str):
    before = responses.get_region()
    responses.set_request_region(name)
    try:
        yield
    finally:
        responses.set_request_region(before)


def alarms_send_events() -> None:
    """AWS: every state change of an alarm is an event on the default bus of its region."""
    original = cloudwatch._dispatch_alarm_actions

    def dispatch(alarm, old, new, reason):
        original(alarm, old, new, reason)
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
        metric = {"namespace": alarm.get("Namespace"), "name": alarm.get("MetricName"),
                  "dimensions": {d["Name"]: d["Value"] for d in alarm.get("Dimensions") or []}}
        stat = {"metric": metric, "period": alarm.get("Period"), "stat": alarm.get("Statistic")}
        detail = {"alarmName": alarm["AlarmName"],
                  "state": {"value": new, "reason": reason, "timestamp": at},
                  "previousState": {"value": old, "timestamp": at},
                  "configuration": {"metrics": [{"id": "m1", "metricStat": stat, "returnData": True}]}}
        if alarm.get("AlarmRule"):
            detail["configuration"] = {"alarmRule": alarm["AlarmRule"]}
        eventbridge._put_events({"Entries": [{
            "Source": "aws.cloudwatch", "DetailType": "CloudWatch Alarm State Change",
            "Resources": [alarm["AlarmArn"]], "Detail": json.dumps(detail)}]}, allow_aws_source=True)

    cloudwatch._dispatch_alarm_actions = dispatch


def events_cross_regions() -> None:
    """AWS: a rule's target may be a bus of another region. The event keeps the region it comes from, and one that
    came from elsewhere is not sent on to a third place. A bus that does not exist drops it.
    """
    original = eventbridge._dispatch_to_event_bus

    def dispatch(spec, event, rule, path, payload=None):
        if spec.account_id != responses.get_account_id() or spec.region == responses.get_region():
            return original(spec, event, rule, path, payload)
        bus = spec.resource.removeprefix("event-bus/")
        if event.get("_Crossed") or payload is not None:
            return None
        with region(spec.region):
            if bus == "default" or bus in eventbridge._event_buses:
                eventbridge._dispatch_event(event | {"EventBusName": bus, "_Crossed": True, "_DispatchPath": []})
        return None

    eventbridge._dispatch_to_event_bus = dispatch


def install() -> None:
    eventbridge.start_scheduler = lambda: None
    alarms_send_events()
    events_cross_regions()
