"""Blue/green deployments, which the emulator lacks: created, switched over, deleted, described.

A switchover lasts until the deployment is deleted: what it does to the cluster is the test's to say. Deliberately
absent: filters, pagination, and the second cluster.
"""

from ministack.core import responses
from ministack.services import rds

FOUND: dict[tuple[str, str], dict] = {}


def here() -> str:
    return responses.get_region()


def member(deployment: dict) -> str:
    return "".join(f"<{key}>{value}</{key}>" for key, value in deployment.items())


def one(action: str, deployment: dict):
    inner = f"<BlueGreenDeployment>{member(deployment)}</BlueGreenDeployment>"
    return rds._xml(200, f"{action}Response", f"<{action}Result>{inner}</{action}Result>")


def create(p):
    name, source = rds._p(p, "BlueGreenDeploymentName"), rds._p(p, "Source")
    deployment = {"BlueGreenDeploymentIdentifier": f"bgd-{name}", "BlueGreenDeploymentName": name, "Source": source,
                  "Target": f"{source}-green", "Status": "AVAILABLE"}
    FOUND[here(), deployment["BlueGreenDeploymentIdentifier"]] = deployment
    return one("CreateBlueGreenDeployment", deployment)


def switch(p):
    deployment = FOUND.get((here(), rds._p(p, "BlueGreenDeploymentIdentifier")))
    if deployment is None:
        return rds._error("BlueGreenDeploymentNotFoundFault", "BlueGreenDeployment not found.", 404)
    deployment["Status"] = "SWITCHOVER_IN_PROGRESS"
    return one("SwitchoverBlueGreenDeployment", deployment)


def delete(p):
    deployment = FOUND.pop((here(), rds._p(p, "BlueGreenDeploymentIdentifier")), None)
    if deployment is None:
        return rds._error("BlueGreenDeploymentNotFoundFault", "BlueGreenDeployment not found.", 404)
    return one("DeleteBlueGreenDeployment", deployment)


def describe(_p):
    found = [deployment for (region, _), deployment in FOUND.items() if region == here()]
    inner = "".join(f"<member>{member(deployment)}</member>" for deployment in found)
    action = "DescribeBlueGreenDeployments"
    result = f"<{action}Result><BlueGreenDeployments>{inner}</BlueGreenDeployments></{action}Result>"
    return rds._xml(200, f"{action}Response", result)


def install() -> None:
    rds._ACTION_MAP.update({
        "CreateBlueGreenDeployment": create,
        "SwitchoverBlueGreenDeployment": switch,
        "DeleteBlueGreenDeployment": delete,
        "DescribeBlueGreenDeployments": describe,
    })
