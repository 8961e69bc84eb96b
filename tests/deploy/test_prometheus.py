"""A real Prometheus scrapes the real daemon while it fails over: what should alert does, what should not does not.

Deliberately absent: the thresholds and waits to the second (deploy/prometheus/drd.rules.test.yml).
"""

import re

import pytest
from daemon import Daemon
from estate import Estate
from pair import Pair
from scraper import FOR_SECONDS, SCRAPE_SECONDS, Collector, Prometheus
from test_alerts import FOUND, passes
from test_dashboard import expressions
from test_failover import region_lost, serves_from_the_standby
from tools import need
from world import World, eventually, throughout

# What a change takes to get through: two scrapes, a wait, and what a busy machine adds.
SEEN_WITHIN = 2 * SCRAPE_SECONDS + FOR_SECONDS + 20
OVERDUE, RUNNING, UNARMED = "DrdGameDayOverdue warning", "DrdFailoverRunning info", "DrdNotArmed critical"
FAILED, DOWN, ONE_DOWN = "DrdFailoverFailed critical", "DrdDown critical", "DrdDown warning"


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.stop()


@pytest.fixture
def estate(world, tmp_path):
    made = Estate(world, tmp_path)
    yield made
    made.close()


@pytest.fixture
def prometheus():
    return need("prometheus", "Debian: apt-get download prometheus, dpkg -x (installing it starts a server)")


@pytest.fixture
def watched(prometheus, estate):
    """Starts drd as it is told, then Prometheus on all of it; a game day was passed unless the test says otherwise."""
    made = []

    def start(drd, daemons: list[str], rehearsed: bool = True) -> Prometheus:
        made.append(drd)
        drd.start()
        pages = estate.scratch / "textfile"
        pages.mkdir()
        one = drd.first if isinstance(drd, Pair) else drd
        if rehearsed:
            rehearse(one, pages)
        collector = Collector(pages)
        made.append(collector)
        made.append(Prometheus(prometheus, estate.scratch / "prometheus", daemons, f"127.0.0.1:{collector.port}"))
        return made[-1]

    yield start
    for thing in reversed(made):
        thing.close()


def rehearse(daemon, pages) -> None:
    done = daemon.run("gameday", "run", "region-dark", "--metrics", str(pages / "drd.prom"), "--report", str(pages / "report"))
    assert done.returncode == 0, done.stderr


def test_while_a_failover_runs_that_alone_is_told_and_afterwards_that_there_is_no_standby(estate, watched):
    daemon = Daemon(estate)
    prometheus = watched(daemon, [estate.listen], rehearsed=False)
    eventually("a game day is asked for", lambda: prometheus.firing() == {OVERDUE}, SEEN_WITHIN)
    rehearse(daemon, estate.scratch / "textfile")
    prometheus.quiet()
    throughout("it stays quiet", lambda: prometheus.alerts() == set(), FOR_SECONDS + SCRAPE_SECONDS)

    region_lost(estate)
    eventually("the failover is told", lambda: RUNNING in prometheus.firing(), 60)
    serves_from_the_standby(estate, daemon)
    eventually("there is no standby, and that is told", lambda: prometheus.firing() == {UNARMED}, SEEN_WITHIN)

    told = prometheus.history()
    assert set(told) == {RUNNING, UNARMED}
    assert told[UNARMED]["pending"], "it waited before it fired"
    assert not told[RUNNING]["firing"] & told[UNARMED]["firing"]
    assert prometheus.sick_rules() == []
    what_is_scraped_is_well_made_and_all_that_the_rules_read(daemon, estate)
    every_panel_has_something_to_show(prometheus)


def what_is_scraped_is_well_made_and_all_that_the_rules_read(daemon, estate) -> None:
    page = daemon._get("/metrics") + (estate.scratch / "textfile" / "drd.prom").read_text()
    passes("check", "metrics", text=page)
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE))
    for rule in FOUND:
        for call, name in re.findall(r"(\w+\(|)(drd_\w+)", re.sub(r'"[^"]*"', "", rule["expr"])):
            counted = call in ("rate(", "increase(")
            assert counted == (kinds[name] == "counter"), f"{rule['alert']}: {call}{name} is a {kinds[name]}"


def every_panel_has_something_to_show(prometheus) -> None:
    """After a failover there is no panel without a reason to have data."""
    empty = [title for title, exprs in expressions().items() if not any([prometheus.known(expr) for expr in exprs])]
    assert empty == []


def test_a_failover_that_is_denied_is_told_as_failed(estate, watched):
    daemon = Daemon(estate)
    prometheus = watched(daemon, [estate.listen])
    prometheus.quiet()
    estate.faults.deny("rds", "FailoverGlobalCluster")
    region_lost(estate)
    eventually("drd is held", lambda: daemon.state() == "held", 60)
    eventually("it is told", lambda: prometheus.firing() == {RUNNING, FAILED}, SEEN_WITHIN)
    assert set(prometheus.history()) == {RUNNING, FAILED}
    assert prometheus.query("increase(drd_failovers_failed_total[1m]) > 0")


def test_one_of_two_daemons_is_down_and_then_both_are(estate, watched):
    pair = Pair(estate)
    prometheus = watched(pair, [pair.first.listen, pair.second.listen])
    prometheus.quiet()
    throughout("a follower is no reason to alert", lambda: prometheus.alerts() == set(), FOR_SECONDS + 2 * SCRAPE_SECONDS)
    assert len(prometheus.query("drd_armed == 0")) == 1
    pair.second.kill()
    eventually("one is missed", lambda: prometheus.firing() == {ONE_DOWN}, SEEN_WITHIN)
    pair.first.kill()
    eventually("nobody watches", lambda: prometheus.firing() == {DOWN}, SEEN_WITHIN)
    assert set(prometheus.history()) == {ONE_DOWN, DOWN}
