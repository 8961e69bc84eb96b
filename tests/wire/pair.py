"""Two daemons on one queue and one table, each with a configuration, an address and a name of its own.

Deliberately absent: any knowledge of how the lease works. The table's items, the audit and the daemons' own pages
are read, nothing else.
"""

import json
import signal
import urllib.request

from daemon import Daemon
from resources import STANDBY
from world import eventually, free_port, loopback

LEASE_SECONDS, RENEW_SECONDS = 6, 2
LEDGER = 'kind = "dynamodb"\ntable = "{table}"\nlease = "{lease}s"\nrenew = "{renew}s"\nidentity = "{identity}"'
NAMES = ("first", "second")


class Seat(Daemon):
    """One of the two. Its AWS calls carry its name in the user agent, so that the audit can tell them apart."""

    def __init__(self, estate, name: str, table: str):
        super().__init__(estate)
        self.name, self.table = name, table
        self.listen = f"127.0.0.1:{free_port()}"
        ledger = LEDGER.format(table=table, lease=LEASE_SECONDS, renew=RENEW_SECONDS,
                               identity=estate.scratch / f"identity-{name}")
        text = self.config.read_text().replace(f'kind = "file"\npath = "{estate.ledger}"', ledger)
        self.config = estate.scratch / f"{name}.toml"
        self.config.write_text(text.replace(estate.listen, self.listen))
        self.log = estate.scratch / f"{name}.log"
        self.env |= {"AWS_SDK_UA_APP_ID": name}

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(loopback(f"http://{self.listen}{path}"), timeout=5) as reply:
            return reply.read().decode()

    def leads(self) -> bool:
        return bool((self.status().get("leader") or {}).get("leads"))

    def follows(self) -> bool:
        leader = self.status().get("leader")
        return bool(leader and leader["owner"] and not leader["leads"])

    def freeze(self) -> None:
        self.process.child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.child.send_signal(signal.SIGCONT)

    def close(self) -> None:
        if self.process and self.process.running():
            self.thaw()
        super().close()

    def calls(self) -> list:
        return [c for c in self.estate.world.audit.calls(self.estate.account) if f"app/{self.name}" in c.agent]

    # --- the ledger that both share -------------------------------------------------------------------------

    def items(self) -> list[dict]:
        """Every line's item, oldest first."""
        answer = self.estate.dynamodb.get_paginator("query").paginate(
            TableName=self.table, KeyConditionExpression="pk = :pk", ConsistentRead=True,
            ExpressionAttributeValues={":pk": {"S": "ledger"}})
        return [item for page in answer for item in page["Items"]]

    def ledger(self) -> list[dict]:
        return [json.loads(item["line"]["S"]) for item in self.items()]

    def story(self) -> str:
        return "\n".join(item["line"]["S"] for item in self.items())


class Pair:
    """The first one leads and is armed; the second one follows."""

    def __init__(self, estate):
        self.estate = estate
        estate.dynamodb = estate.world.client("dynamodb", estate.account, STANDBY)
        table = f"table-ledger-{estate.suffix}"
        keys = {"pk": ("S", "HASH"), "sk": ("N", "RANGE")}
        estate.dynamodb.create_table(
            TableName=table, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": t} for k, (t, _) in keys.items()],
            KeySchema=[{"AttributeName": k, "KeyType": t} for k, (_, t) in keys.items()])
        self.first, self.second = (Seat(estate, name, table) for name in NAMES)

    def start(self) -> None:
        self.first.start()
        self.second.start(until_armed=False)
        eventually("the second follows", self.second.follows, 15)

    def close(self) -> None:
        for seat in (self.first, self.second):
            seat.close()

    def row(self) -> dict:
        key = {"pk": {"S": "lease"}, "sk": {"N": "0"}}
        return self.estate.dynamodb.get_item(TableName=self.first.table, Key=key, ConsistentRead=True)["Item"]

    def replays(self) -> None:
        """The lines form one unbroken chain, no line is of an older epoch than one before it, and drd reads them."""
        items, lines = self.first.items(), self.first.ledger()
        assert [int(item["sk"]["N"]) for item in items] == list(range(1, len(items) + 1))
        assert all(line["prev"] == last["hash"] for last, line in zip(lines, lines[1:], strict=False))
        epochs = [int(item["epoch"]["N"]) for item in items]
        assert epochs == sorted(epochs), "a line of an older epoch follows one of a newer"
        path = self.estate.scratch / "table.jsonl"
        path.write_text("".join(item["line"]["S"] + "\n" for item in items))
        replayed = self.first.run("replay", str(path))
        assert replayed.returncode == 0, replayed.stderr
        self.first.conforms(path)

    def first_line_of(self, seat: Seat) -> float:
        """When this daemon, as the newest leader, wrote its first line of the newest epoch: seconds since 1970."""
        owner = seat.status()["leader"]["owner"]
        newest = max(int(i["epoch"]["N"]) for i in seat.items())
        line = next(i for i in seat.items() if i["owner"]["S"] == owner and int(i["epoch"]["N"]) == newest)
        return json.loads(line["line"]["S"])["now"] / 1000
