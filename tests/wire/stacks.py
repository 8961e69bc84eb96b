"""What is true of every CloudFormation stack on AWS, and not of the emulator's: stacks take time.

STACK_PACE milliseconds pass before each resource is made, changed or deleted, so that CREATE_IN_PROGRESS can be seen
and an interruption is a real one. Deliberately absent: resources of one stack side by side (AWS makes them so), and
drift.
"""

import asyncio

from ministack.services.cloudformation import _stacks, changesets, handlers, stacks
from ministack.services.cloudformation.helpers import _error, _p

TERMINAL = ("_COMPLETE", "_FAILED")


def resources_take_time(milliseconds: float) -> None:
    """AWS: a resource is in progress before it is complete; other calls are answered meanwhile."""
    blocking, elsewhere = stacks._runs_on_worker_thread, stacks.run_reentrant

    async def paced(function, *words, **named):
        await asyncio.sleep(milliseconds / 1000)
        if blocking(words[0]):
            return await elsewhere(function, *words, **named)
        return function(*words)

    stacks._runs_on_worker_thread = lambda _kind: True
    stacks.run_reentrant = paced


def one_operation_at_a_time() -> None:
    """AWS: an operation on a stack that another one works on waits for no one: updates are refused; a deletion of a
    stack being created stops the creation. Here that deletion begins when the creation has ended, which leaves the
    same: nothing. A second deletion joins the first.
    """
    deploy, delete = stacks._deploy_stack_async, stacks._delete_stack_async
    busy: dict[str, asyncio.Lock] = {}

    async def deploying(name, identity, *words, **named):
        async with busy.setdefault(identity, asyncio.Lock()):
            await deploy(name, identity, *words, **named)

    async def deleting(name, identity, *words, **named):
        async with busy.setdefault(identity, asyncio.Lock()):
            stack = _stacks.get(name)
            if stack and stack["StackId"] == identity and stack["StackStatus"] != "DELETE_COMPLETE":
                await delete(name, identity, *words, **named)

    for module in (stacks, handlers, changesets):
        if hasattr(module, "_deploy_stack_async"):
            module._deploy_stack_async = deploying
        if hasattr(module, "_delete_stack_async"):
            module._delete_stack_async = deleting

    for action in ("UpdateStack", "CreateChangeSet", "ExecuteChangeSet"):
        original = handlers._ACTION_HANDLERS[action]

        def handler(params, original=original, action=action):
            stack = handlers._resolve_stack(_p(params, "StackName"))
            status = stack["StackStatus"] if stack else "CREATE_COMPLETE"
            if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
                text = f"Stack:{stack['StackId']} is in {status} state and can not be updated."
                return _error("ValidationError", text)
            return original(params)

        handlers._ACTION_HANDLERS[action] = handler


def rolled_back_stacks_stay() -> None:
    """AWS: a stack in ROLLBACK_COMPLETE keeps its name and can only be deleted."""
    original = handlers._ACTION_HANDLERS["CreateStack"]

    def create(params):
        stack = _stacks.get(_p(params, "StackName"))
        if stack and stack["StackStatus"] == "ROLLBACK_COMPLETE":
            return _error("AlreadyExistsException", f"Stack [{stack['StackName']}] already exists")
        return original(params)

    handlers._ACTION_HANDLERS["CreateStack"] = create


def capabilities_are_asked_for() -> None:
    """AWS: a template with named IAM resources needs CAPABILITY_NAMED_IAM."""
    handlers._capabilities_enforced = lambda: True


def install(milliseconds: float) -> None:
    if milliseconds:
        resources_take_time(milliseconds)
    one_operation_at_a_time()
    rolled_back_stacks_stay()
    capabilities_are_asked_for()
