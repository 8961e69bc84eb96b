"""`--daemon ecs`: what bootstrap makes of it, in an order in which its tasks can start, and that it goes away again.

Deliberately absent: running tasks. The emulator has no engine; tests/deploy runs what the task definition says.
"""

from binary import USAGE, Drd, stacks
from botocore.exceptions import ClientError
from left import inventory
from resources import STANDBY
from world import eventually

IMAGE = "123456789012.dkr.ecr.eu-central-2.amazonaws.com/drd:0.1.0"
ECS = ("--daemon", "ecs", "--daemon-image", IMAGE)
BUILT_WITHIN = 120.0


def configuration(account, drd: Drd) -> str | None:
    s3 = account.region(STANDBY).client("s3")
    try:
        found = s3.get_object(Bucket=f"bucket-config-standby-{drd.suffix}", Key="drd.toml")
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket"), error
        return None
    return found["Body"].read().decode()


def test_the_configuration_is_there_before_a_task_could_start_and_nothing_is_left_in_the_end(account, drd):
    empty = inventory(account)
    daemon = f"{STANDBY}/stack-daemon-{drd.suffix}"
    building = drd.begin("bootstrap", "--yes", *ECS)
    eventually("the daemon's stack is begun", lambda: daemon in stacks(account, drd.suffix), BUILT_WITHIN, every=0.02)
    # A task that finds none ends; ECS gives up after a few, and CloudFormation takes the stack back.
    text = configuration(account, drd)
    assert text and f'kind = "dynamodb"\ntable = "table-ledger-{drd.suffix}"' in text
    assert building.child.wait(BUILT_WITHIN) == 0, building.tail()
    assert text == (drd.state.parent / f"{drd.suffix}.toml").read_text() == configuration(account, drd)
    two_tasks_of_one_image_that_can_write_nowhere(account, drd)
    told_apart_from_a_changed_image(account, drd)
    drd.done("destroy", "--yes")
    assert inventory(account) - empty == set()


def two_tasks_of_one_image_that_can_write_nowhere(account, drd: Drd) -> None:
    ecs = account.region(STANDBY).client("ecs")
    (service,) = ecs.describe_services(cluster=f"cluster-daemon-{drd.suffix}",
                                       services=[f"service-daemon-{drd.suffix}"])["services"]
    assert (service["desiredCount"], service["launchType"]) == (2, "FARGATE")
    deployment = service["deploymentConfiguration"]
    assert deployment["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert (deployment["minimumHealthyPercent"], deployment["maximumPercent"]) == (100, 200)
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    assert network["assignPublicIp"] == "DISABLED" and len(network["subnets"]) == 3
    task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    (container,) = task["containerDefinitions"]
    assert container["image"] == IMAGE and container["readonlyRootFilesystem"] in (True, "true")
    assert container["command"] == ["run", "--suffix", drd.suffix, "--standby-region", STANDBY]


def told_apart_from_a_changed_image(account, drd: Drd) -> None:
    """The settings are remembered: the same command again changes nothing, another image the daemon's stack alone."""
    before = stacks(account, drd.suffix)
    assert drd("bootstrap", "--plan", "--detailed-exitcode").returncode == 0
    newer = drd("bootstrap", "--plan", "--detailed-exitcode", "--daemon-image", IMAGE.replace("0.1.0", "0.2.0"))
    assert newer.returncode == 4 and "0 to create, 2 to update" in newer.stdout, newer.stdout
    assert all(any(name in line and "update" in line for line in newer.stdout.splitlines()) for name in ("daemon", "anchor"))
    assert stacks(account, drd.suffix) == before


def test_without_an_image_it_is_refused_before_anything_is_asked(account, drd):
    answer = drd("bootstrap", "--yes", "--daemon", "ecs")
    assert answer.returncode == USAGE and "--daemon-image" in answer.stderr
    assert stacks(account, drd.suffix) == {}
