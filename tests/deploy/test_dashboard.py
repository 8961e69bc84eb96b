"""The expressions of deploy/grafana/drd.json, without a server: each is one that Prometheus takes.

That the file is what drd draws is tests/lab/printed.rs, that its names and kinds are the metrics' is src/metrics/dashboard;
that its panels have data is test_prometheus.py. Deliberately absent: Grafana, which Debian does not have.
"""

import json

import yaml
from alerts import ROOT
from test_alerts import promtool

BOARD = json.loads((ROOT / "deploy" / "grafana" / "drd.json").read_text())
# What Grafana would put in.
CHOSEN = {"$__rate_interval": "1m", "$estate": ".*"}


def expressions() -> dict[str, list[str]]:
    """Each panel's, by its title, as Prometheus would be asked."""
    def asked(expr: str) -> str:
        for variable, value in CHOSEN.items():
            expr = expr.replace(variable, value)
        assert "$" not in expr, expr
        return expr

    found = {p["title"]: [asked(t["expr"]) for t in p["targets"]] for p in BOARD["panels"] if p["type"] != "row"}
    notes = {a["name"]: [asked(a["expr"])] for a in BOARD["annotations"]["list"]}
    return found | notes


def as_rules(every: list[str]) -> str:
    wrapped = [{"record": f"panel:{at}", "expr": expr} for at, expr in enumerate(every)]
    return yaml.safe_dump({"groups": [{"name": "panels", "rules": wrapped}]})


def test_every_expression_is_one(tmp_path):
    every = [expr for exprs in expressions().values() for expr in exprs]
    assert len(every) > 30
    (tmp_path / "panels.yml").write_text(as_rules(every))
    done = promtool("check", "rules", "panels.yml", at=tmp_path)
    assert done.returncode == 0 and f"{len(every)} rules found" in done.stdout, done.stdout + done.stderr


def test_a_broken_expression_would_be_found(tmp_path):
    (tmp_path / "panels.yml").write_text(as_rules(["sum by (estate (drd_armed)"]))
    assert promtool("check", "rules", "panels.yml", at=tmp_path).returncode != 0


def test_the_reader_chooses_the_source_and_nothing_comes_from_elsewhere():
    assert BOARD["uid"] == "drd" and [v["name"] for v in BOARD["templating"]["list"]] == ["datasource", "estate"]
    assert "http://" not in json.dumps(BOARD) and "https://" not in json.dumps(BOARD)
