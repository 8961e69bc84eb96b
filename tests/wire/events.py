"""What arrives on the queue: the envelopes of CloudWatch alarms and of drd's senders, as AWS writes them.

Deliberately absent: the emulator's own alarm evaluation (no emulator emits these events).
"""

import json
import uuid
from datetime import UTC, datetime, timedelta


def rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def exact(moment: datetime) -> str:
    """Two statements of one witness in one second are two statements."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def alarm_time(moment: datetime) -> str:
    """CloudWatch writes its own times with milliseconds and an offset that has no colon."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def alarm(arn: str, value: str, previous: str = "OK", age: float = 0, identity: str | None = None) -> str:
    """A metric alarm's state change, `age` seconds ago; the account and region are those of the ARN."""
    _, _, _, region, account, _, name = arn.split(":", 6)
    now = datetime.now(UTC) - timedelta(seconds=age)
    before = now - timedelta(minutes=30)
    metric = {"namespace": "AWS/Route53", "name": "HealthCheckStatus",
              "dimensions": {"HealthCheckId": "11111111-2222-3333-4444-555555555555"}}
    reason_data = json.dumps({"version": "1.0", "queryDate": alarm_time(now), "statistic": "Minimum",
                              "period": 60, "recentDatapoints": [0.0], "threshold": 1.0})
    return json.dumps({
        "version": "0", "id": identity or str(uuid.uuid4()), "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch", "account": account, "time": rfc3339(now), "region": region, "resources": [arn],
        "detail": {
            "alarmName": name,
            "configuration": {"metrics": [{"id": "m1", "metricStat": {"metric": metric, "period": 60,
                                                                      "stat": "Minimum"}, "returnData": True}]},
            "previousState": {"value": previous, "reason": "Threshold Crossed", "timestamp": alarm_time(before)},
            "state": {"value": value, "reason": "Threshold Crossed: 1 out of the last 1 datapoints [0.0] was less "
                      "than the threshold (1.0).", "reasonData": reason_data, "timestamp": alarm_time(now)},
        },
    })


def verdict(side: str, value: str, reason: str, age: float = 0) -> dict:
    """The witness's entry for PutEvents; the bus adds id, account, region and time as for any event."""
    looked = datetime.now(UTC) - timedelta(seconds=age)
    detail = {"side": side, "verdict": value, "observed_at": exact(looked), "reason": reason}
    return {"Source": "drd.witness", "DetailType": "Endpoint Verdict", "Detail": json.dumps(detail)}


def delivered(entry: dict, account: str, region: str) -> str:
    """An entry for PutEvents as it arrives on the queue, where no bus is to make it."""
    return json.dumps({"version": "0", "id": str(uuid.uuid4()), "source": entry["Source"], "resources": [],
                       "detail-type": entry["DetailType"], "account": account, "region": region,
                       "time": rfc3339(datetime.now(UTC)), "detail": json.loads(entry["Detail"])})


def lag(seconds: float, taken_at: datetime) -> dict:
    """The lag monitor's entry for PutEvents."""
    detail = {"lag_seconds": seconds, "taken_at": exact(taken_at)}
    return {"Source": "drd.lag", "DetailType": "Replication Lag", "Detail": json.dumps(detail)}


def heartbeat(sent_at: datetime, nonce: str) -> dict:
    """What the daemon itself puts on the bus."""
    detail = {"sent_at": exact(sent_at), "nonce": nonce}
    return {"Source": "drd.heartbeat", "DetailType": "Heartbeat", "Detail": json.dumps(detail)}


def notification(topic: str, arn: str, value: str) -> str:
    """The same alarm as `alarm`, by way of an SNS topic."""
    _, _, _, _, account, _, name = arn.split(":", 6)
    now = datetime.now(UTC)
    message = {"AlarmName": name, "AWSAccountId": account, "AlarmArn": arn, "NewStateValue": value, "OldStateValue": "OK",
               "NewStateReason": "Threshold Crossed", "StateChangeTime": alarm_time(now), "Region": "US East (N. Virginia)"}
    return envelope(topic, json.dumps(message))


def envelope(topic: str, message: str) -> str:
    """What SNS puts around a message for a queue."""
    return json.dumps({"Type": "Notification", "MessageId": str(uuid.uuid4()), "TopicArn": topic, "Message": message,
                       "Timestamp": exact(datetime.now(UTC)), "SignatureVersion": "1", "Signature": "x",
                       "SigningCertURL": "https://sns.us-east-1.amazonaws.com/x.pem", "UnsubscribeURL": "https://x/"})
