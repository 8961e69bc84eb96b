"""What the tests of the Lambda functions share: the real source as the runtime loads it, fake AWS, the template.

Deliberately absent: any network beyond loopback, and waiting (time is handed in).
"""

import importlib.util
import json
import re
from pathlib import Path
from unittest import mock

import botocore.session
import yaml
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.validate import ParamValidator

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "bootstrap" / "templates"
SOURCES = ROOT / "bootstrap" / "lambda"
FIXTURES = ROOT / "tests" / "fixtures" / "envelopes"
ACCOUNT = "123456789012"

session = botocore.session.get_session()


class Intrinsics(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: `!Sub x` becomes {"Fn::Sub": "x"}."""


def intrinsic(loader, tag, node):
    kind = {"Ref": "Ref", "Condition": "Condition"}.get(tag, f"Fn::{tag}")
    if isinstance(node, yaml.ScalarNode):
        return {kind: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {kind: loader.construct_sequence(node, deep=True)}
    return {kind: loader.construct_mapping(node, deep=True)}


Intrinsics.add_multi_constructor("!", intrinsic)


def template(name):
    return yaml.load((TEMPLATES / f"{name}.yaml").read_text(), Intrinsics)


def resolved(value, parameters):
    """The value with parameters put in; enough of CloudFormation for names, ARNs and environments."""
    if isinstance(value, list):
        return [resolved(v, parameters) for v in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return parameters.get(value["Ref"], value["Ref"])
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([^}]+)\}", lambda m: str(parameters.get(m[1], m[1])), value["Fn::Sub"])
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        parts = resolved(parts, parameters)
        return parts if isinstance(parts, str) else separator.join(parts)
    return {k: resolved(v, parameters) for k, v in value.items()}


def actions_of(role):
    """Every action that a role's policies allow."""
    statements = [s for p in role["Properties"]["Policies"] for s in p["PolicyDocument"]["Statement"]]
    allowed = set()
    for statement in statements:
        actions = statement["Action"]
        allowed.update([actions] if isinstance(actions, str) else actions)
    return allowed


def load(name):
    """Imports a source file the way the runtime does: a fresh module called index."""
    spec = importlib.util.spec_from_file_location("index", SOURCES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Clock:
    """Time that passes only when somebody sleeps, or when a call is said to take long."""

    def __init__(self, at=1_772_366_400.0):
        self.at = at
        self.slept = []

    def now(self):
        return self.at

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += seconds


class Context:
    """What the runtime hands over: how much time is left."""

    def __init__(self, clock, seconds=60):
        self.clock, self.until = clock, clock.at + seconds

    def get_remaining_time_in_millis(self):
        return int((self.until - self.clock.at) * 1000)


def denied(operation, code="AccessDeniedException", text="not authorized"):
    return ClientError({"Error": {"Code": code, "Message": text}, "ResponseMetadata": {"HTTPStatusCode": 400}}, operation)


def unreachable(region):
    return EndpointConnectionError(endpoint_url=f"https://somewhere.{region}.amazonaws.com/")


class Aws:
    """Every client at once. Answers come from `answers[operation]`, a function of (region, arguments); arguments are
    checked against botocore's own model of the service, so a wrong name fails here as it would on AWS.
    """

    def __init__(self):
        self.calls = []
        self.answers = {}
        self.dead = set()
        self.configs = []

    def client(self, service, region_name, config):
        assert region_name, "a client without a region would use the function's own"
        self.configs.append(config)
        model = session.get_service_model(service)
        names = {snake(name): name for name in model.operation_names}
        aws = self

        class Client:
            def __getattr__(self, attribute):
                operation = names[attribute]

                def call(**arguments):
                    report = ParamValidator().validate(arguments, model.operation_model(operation).input_shape)
                    assert not report.has_errors(), report.generate_report()
                    return aws.answer(service, region_name, operation, arguments)

                return call

        return Client()

    def answer(self, service, region, operation, arguments):
        self.calls.append((f"{service}:{operation}", region, arguments))
        if region in self.dead:
            raise unreachable(region)
        answer = self.answers.get(operation, lambda region, arguments: {})
        return answer(region, arguments)

    def made(self, operation, region=None):
        return [a for name, where, a in self.calls if name.endswith(f":{operation}") and region in (None, where)]

    def metrics(self, region, name):
        """What CloudWatch of a region has of a metric, in order."""
        data = [d for a in self.made("PutMetricData", region) for d in a["MetricData"] if a["Namespace"] == "DRD"]
        return [d for d in data if d["MetricName"] == name]

    def events(self):
        return [e for a in self.made("PutEvents") for e in a["Entries"]]

    def patched(self):
        return mock.patch("boto3.client", self.client)


def snake(name):
    """describe_db_clusters from DescribeDBClusters, as botocore does it."""
    from botocore import xform_name

    return xform_name(name)


def lines(text):
    """Logged lines; each must be one JSON object."""
    return [json.loads(line) for line in text.splitlines() if line.strip()]
