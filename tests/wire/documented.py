"""What AWS documents and the emulator lets pass: names that it keeps for itself, ports that
are taken, and the quotas of a new account.

Each wraps the emulator's own handler and refuses in AWS's words. Deliberately absent: what AWS accepts and then does
not do (tests/templates/limits.py looks for that in the templates themselves).
"""

from cloudformation import HANDLERS, Refused
from ministack.core.responses import get_account_id
from ministack.services import alb

# Accounts that have had a cluster of ECS, and so have its role.
WITH_A_CLUSTER: set[str] = set()
# Lambda's quota "Concurrent executions" of a new account, and what it never lets be reserved.
CONCURRENCY_QUOTA, UNRESERVED_LEAST = 10, 10


def refuse(kind: str, reason) -> None:
    """Fails a creation with what `reason` gives for its properties, when it gives something."""
    original = HANDLERS[kind]

    def create(logical, props, stack):
        said = reason(props)
        if said:
            raise Refused(said)
        return original["create"](logical, props, stack)

    HANDLERS[kind] = {**original, "create": create}


def named_like_an_id(props: dict) -> str | None:
    """AWS: a security group's name cannot begin with `sg-`, in whatever case."""
    name = props.get("GroupName", "")
    if name.lower().startswith("sg-"):
        return (f"InvalidParameterValue: Value ({name}) for parameter GroupName is invalid. "
                "Group names may not be in the format sg-*.")
    return None


def more_than_the_account_has(props: dict) -> str | None:
    """AWS: 10 executions stay unreserved, and a new account has 10: every reservation but none at all is refused."""
    if int(props.get("ReservedConcurrentExecutions") or 0) > CONCURRENCY_QUOTA - UNRESERVED_LEAST:
        return ("InvalidParameterValueException: Specified ReservedConcurrentExecutions for function decreases "
                f"account's UnreservedConcurrentExecution below its minimum value of [{UNRESERVED_LEAST}].")
    return None


def on_a_taken_port(props: dict) -> str | None:
    """AWS: a port of a load balancer has one listener."""
    place = (props.get("LoadBalancerArn"), int(props.get("Port") or 0))
    if any((each["LoadBalancerArn"], each["Port"]) == place for each in alb._listeners.values()):
        return f"DuplicateListener: A listener already exists on this port for this load balancer '{place[0]}'"
    return None


def by_a_role_that_is_not_there_yet(props: dict) -> str | None:
    """AWS: the first cluster of an account makes ECS's own role, and fails because it cannot be assumed yet."""
    account = get_account_id()
    if account in WITH_A_CLUSTER:
        return None
    WITH_A_CLUSTER.add(account)
    return ("Resource handler returned message: \"Invalid request provided: CreateCluster Invalid Request: Unable to "
            "assume the service linked role. Please verify that the ECS service linked role exists.\"")


def install() -> None:
    refuse("AWS::ECS::Cluster", by_a_role_that_is_not_there_yet)
    refuse("AWS::EC2::SecurityGroup", named_like_an_id)
    refuse("AWS::ElasticLoadBalancingV2::Listener", on_a_taken_port)
    refuse("AWS::Lambda::Function", more_than_the_account_has)
