"""What drd is trusted with never shows, at any log level, also in errors; what it need not be trusted with is refused.

Deliberately absent: what the SDKs do with them on the wire.
"""

import pytest
from daemon import Daemon
from test_failover import region_lost, serves_from_the_standby
from world import eventually

KEY = "SECRETKEYthatnobodymayeverread0123456789"
TOKEN = "SESSIONTOKENthatnobodymayeverread0123456789"
PASSWORD = "PASSWORDthatnobodymayeverread"


@pytest.fixture
def talkative(estate, request):
    """A daemon that logs all it can, and whose every secret can be recognised."""
    made = request.node.drd = Daemon(estate)
    made.env |= {"AWS_SECRET_ACCESS_KEY": KEY, "AWS_SESSION_TOKEN": TOKEN, "DRD_LOG": "trace"}
    try:
        made.start()
        yield made
    finally:
        made.close()


def shown(estate, daemon) -> dict[str, str]:
    """Everything that people or programs may read of it."""
    pages = {path: daemon._get(path) for path in ("/", "/metrics", "/api/v1/status")}
    words = {}
    for word in (["config", "check", str(daemon.config)], ["status", "--config", str(daemon.config)],
                 ["status", "--why", "--config", str(daemon.config)], ["replay", str(estate.ledger)]):
        ran = daemon.run(*word)
        words[" ".join(word[:2])] = ran.stdout + ran.stderr
    return pages | words | {"log": daemon.log.read_text(), "ledger": estate.ledger.read_text()}


def test_no_secret_is_shown_through_a_failover_at_the_most_talkative_level(estate, talkative):
    estate.faults.fail("rds", "FailoverGlobalCluster", times=1)
    estate.faults.expire_credentials(seconds=2)
    eventually("a call was refused", lambda: estate.faults.fired(), 15)
    # Readiness may have met the refusal, and a failover waits for its next round.
    eventually("drd is armed again", lambda: talkative.status().get("armed"), 15)
    region_lost(estate)
    serves_from_the_standby(estate, talkative)
    everything = shown(estate, talkative)
    assert "DEBUG" in everything["log"] or "TRACE" in everything["log"], "the level was not heard"
    leaks = {(place, secret) for place, text in everything.items() for secret in (KEY, TOKEN) if secret in text}
    assert not leaks


@pytest.mark.parametrize("scheme", ["http", "htp"])
def test_an_address_with_a_password_is_refused_and_not_repeated(estate, scheme):
    daemon = Daemon(estate)
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace('write_check = "http://', f'write_check = "{scheme}://drd:{PASSWORD}@'))
    ran = daemon.run("config", "check", str(daemon.config))
    assert ran.returncode == 2, ran.stdout
    assert "write_check" in ran.stderr and "wants a" in ran.stderr
    assert PASSWORD not in ran.stdout + ran.stderr
