"""Rules of what AWS documents and no other judge asks: what CloudFormation fills in by itself.

Deliberately absent: what only an account knows (quotas, Block Public Access; `drd doctor` looks at those).
"""

from collections.abc import Iterator

from loading import Template


def no_default_of_cloudformation_replaces_the_engines(template: Template) -> Iterator[str]:
    """RDS's own default for aurora-postgresql is 5432; CloudFormation's handler of the type fills in 3306 instead
    (aws-cloudformation-resource-providers-rds, ModelAdapter: `Provisioned: aurora-postgresql -> 3306`).
    """
    for logical_id, properties in template.of_type("AWS::RDS::DBCluster"):
        if "Port" not in properties:
            yield f"{logical_id}: without Port it listens on 3306"


RULES = [no_default_of_cloudformation_replaces_the_engines]
