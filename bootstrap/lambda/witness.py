"""A stand-in until the real function is merged."""


def handler(event, context):
    return {}
