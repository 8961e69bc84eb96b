"""A real Prometheus on loopback: it scrapes what it is told to, with the shipped rules, and is asked over its API.

The rules are a copy in which every `for:` is a few seconds and nothing else is different. Deliberately absent: an
Alertmanager; what fires is read where it fires.
"""

import json
import math
import re
import time
import urllib.parse
import urllib.request

import yaml
from alerts import RULES
from app import Server
from world import Process, eventually, free_port, loopback

SCRAPE_SECONDS, FOR_SECONDS = 2, 5
STARTS_WITHIN, QUIET_WITHIN = 30.0, 30.0


def hastened(text: str) -> str:
    """The same alerts, as impatient as a test."""
    quick = re.sub(r"^( +for:) \S+$", rf"\1 {FOR_SECONDS}s", text, flags=re.MULTILINE)
    changed = [(a, b) for a, b in zip(text.splitlines(), quick.splitlines(), strict=True) if a != b]
    assert changed and all(line.strip().startswith("for: ") for pair in changed for line in pair)
    return quick


class Collector(Server):
    """What node_exporter's textfile collector does: it shows the files of a folder."""

    def __init__(self, folder):
        self.folder = folder
        super().__init__()

    def answer(self, path: str) -> tuple[int, bytes]:
        return 200, b"".join(file.read_bytes() for file in sorted(self.folder.glob("*.prom")))


class Prometheus:
    def __init__(self, binary: str, scratch, daemons: list[str], collector: str):
        self.scratch = scratch
        scratch.mkdir()
        self.listen = f"127.0.0.1:{free_port()}"
        (scratch / "drd.rules.yml").write_text(hastened(RULES.read_text()))
        (scratch / "prometheus.yml").write_text(yaml.safe_dump(self._config(daemons, collector)))
        words = [binary, f"--config.file={scratch}/prometheus.yml", f"--storage.tsdb.path={scratch}/data",
                 f"--web.listen-address={self.listen}", "--log.level=warn"]
        self.began = time.time()
        self.process = Process(words, scratch / "prometheus.log", {})
        try:
            eventually("Prometheus has scraped", self._scraped, STARTS_WITHIN)
        except BaseException as error:
            self.close()
            raise AssertionError(f"{error}\n{self.process.tail()}") from error

    @staticmethod
    def _config(daemons: list[str], collector: str) -> dict:
        targets = [*daemons, collector]
        for target in targets:
            loopback(target)
        labelled = {"targets": daemons, "labels": {"job": "drd", "estate": "shop1"}}
        return {
            "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "scrape_timeout": f"{SCRAPE_SECONDS}s",
                       "evaluation_interval": "1s"},
            "rule_files": ["drd.rules.yml"],
            "scrape_configs": [{"job_name": "drd-host", "static_configs": [labelled]},
                               {"job_name": "node", "static_configs": [{"targets": [collector]}]}],
        }

    def close(self) -> None:
        self.process.stop()

    def _scraped(self) -> bool:
        assert self.process.running(), self.process.tail()
        try:
            up = self.query("up")
        except OSError:
            return False
        return len(up) > 1 and all(value == 1 for _, value in up)

    def _ask(self, path: str, **words) -> dict:
        url = loopback(f"http://{self.listen}/api/v1/{path}?{urllib.parse.urlencode(words)}")
        with urllib.request.urlopen(url, timeout=10) as reply:
            answer = json.load(reply)
        assert answer["status"] == "success" and not answer.get("warnings"), answer
        return answer["data"]

    def query(self, expr: str) -> list[tuple[dict, float]]:
        found = self._ask("query", query=expr)["result"]
        return [(series["metric"], float(series["value"][1])) for series in found]

    def known(self, expr: str) -> bool:
        """Whether it gives a value, and not only one that stands for unknown."""
        return any(math.isfinite(value) for _, value in self.query(expr))

    def alerts(self, state: str | None = None) -> set[str]:
        """What is pending or firing now: name and severity."""
        found = self._ask("alerts")["alerts"]
        return {words(a["labels"]) for a in found if state in (None, a["state"]) and not lost_scrape(a["labels"], a["state"])}

    def firing(self) -> set[str]:
        return self.alerts("firing")

    def quiet(self) -> None:
        """Waits until nothing is told, and lets history begin then: a start has its own first moments."""
        eventually("all is quiet", lambda: self.alerts() == set(), QUIET_WITHIN)
        self.began = time.time()

    def history(self) -> dict[str, dict[str, set[float]]]:
        """Each alert that ever was, with the moments at which it was pending and firing."""
        found = self._ask("query_range", query="ALERTS", start=self.began, end=time.time() + 1, step=1)["result"]
        told: dict[str, dict[str, set[float]]] = {}
        for series in found:
            if lost_scrape(series["metric"], series["metric"]["alertstate"]):
                continue
            states = told.setdefault(words(series["metric"]), {"pending": set(), "firing": set()})
            states[series["metric"]["alertstate"]] |= {at for at, _ in series["values"]}
        return told

    def sick_rules(self) -> list[str]:
        found = [rule for group in self._ask("rules")["groups"] for rule in group["rules"]]
        assert len(found) > 12
        return [f"{rule['name']}: {rule.get('lastError')}" for rule in found if rule["health"] != "ok"]


def lost_scrape(labels: dict[str, str], state: str) -> bool:
    """On a busy machine a scrape may take too long: DrdDown then waits, and that is what its wait is for."""
    return labels["alertname"] == "DrdDown" and state == "pending"


def words(labels: dict[str, str]) -> str:
    return f"{labels['alertname']} {labels['severity']}"
