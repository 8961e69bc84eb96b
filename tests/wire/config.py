"""Writes the estate's drd.toml: the production shape (DESIGN, section 10) with timers short enough for a test.

With WIRE_TIMES=product the timers are left to their defaults, for the tests that can wait for those (test_attacks.py).
Deliberately absent: any key that only a test would need. An address that could leave the machine is refused.
"""

import os
import re
from pathlib import Path

from app import TRADING, WRITE
from estate import Estate
from resources import ADDRESS, LATCH_KEY, REGION, SERVING
from world import free_port, loopback

ADDRESSES = re.compile(r'"(https?://[^"]*|[\d.]+:\d+)"')
PRODUCT = os.environ.get("WIRE_TIMES") == "product"


def seconds(fast: float, product: float) -> float:
    """A time that depends on the timers that drd has."""
    return product if PRODUCT else fast


TIMERS = '''[policy]
rto = "300s"
rpo = "60s"
quorum = 2
hold_down = "6s"
hold_down_for = { database_down = "8s" }
lag_fresh = "120s"
lag_period = "2s"
lag_delivery = "2s"
lag_read_delivery = "4s"
aws_lag_period = "2s"
aws_lag_delivery = "4s"
cool_down = "30m"
event_max_age = "5m"
[observe]
armed = "2s"
acting = "500ms"
probe = "1s"
probe_timeout = "1s"
readiness = "5s"
heartbeat = "3s"
call_timeout = "2s"
'''
HOLD_DOWN_SECONDS, LONGEST_HOLD_DOWN_SECONDS = seconds(6, 60), seconds(8, 90)
CALL_TIMEOUT_SECONDS = seconds(2, 5)


def write_config(estate: Estate) -> Path:
    """Also chooses where this estate's daemon listens and keeps its ledger."""
    estate.listen = f"127.0.0.1:{free_port()}"
    estate.ledger = estate.scratch / "ledger.jsonl"
    sides = [side_section(estate, side) for side in REGION]
    sensors = [sensor_sections(estate, side) for side in REGION]
    text = "\n".join([f'suffix = "{estate.suffix}"', *sides, shared_sections(estate), *sensors, "" if PRODUCT else TIMERS])
    for address in ADDRESSES.findall(text):
        loopback(address)
    path = estate.scratch / "drd.toml"
    path.write_text(text)
    return path


def side_section(estate: Estate, side: str) -> str:
    return f'''[sides.{side}]
region = "{REGION[side]}"
cluster_arn = "{estate.cluster_arn(side)}"
asg = "{estate.name("asg", side)}"
endpoint = "{estate.apps[side].url(TRADING)}"
traffic_target = "{ADDRESS[side]}"
write_check = "{estate.apps[side].url(WRITE)}"'''


def shared_sections(estate: Estate) -> str:
    return f'''[database]
global_cluster = "{estate.global_cluster}"
[capacity]
serving = {{ min = {SERVING}, desired = {SERVING} }}
floor_percent = 50
[dns]
record = "{estate.record}"
hosted_zone_id = "{estate.zone_id}"
latch = {{ bucket = "{estate.bucket}", key = "{LATCH_KEY}" }}
resolvers = ["127.0.0.1:{estate.dns.port}"]
[intake]
queue_url = "{estate.queue_url}"
event_bus = "default"
[observer]
references = ["{estate.reference.url()}"]
[ledger]
kind = "file"
path = "{estate.ledger}"
[http]
listen = "{estate.listen}"'''


def sensor_sections(estate: Estate, side: str) -> str:
    return f'''[[sensors]]
name = "route53-{side}"
vantage = "route53"
side = "{side}"
alarm_arn = "{estate.alarm_arn(side)}"
[[sensors]]
name = "witness-{side}"
vantage = "witness"
side = "{side}"'''
