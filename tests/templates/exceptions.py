"""Everything that a rule lets through, each with its reason. An entry that nothing needs any more is a finding itself.

Deliberately absent: the findings of checkov that are let through (checkov_skips.yaml).
"""

# Actions that AWS offers no resource level for (service authorisation reference), so that `Resource: '*'` is the
# narrowest there is. The second value: a condition key that must narrow the statement instead.
WITHOUT_RESOURCE: dict[str, tuple[str, str | None]] = {
    "autoscaling:DescribeAutoScalingGroups": ("AWS defines no resource for it", None),
    "cloudwatch:DescribeAlarms": ("shows composite alarms to a permission on `*` only", "aws:RequestedRegion"),
    "cloudwatch:GetMetricData": ("AWS defines no resource for it", None),
    "cloudwatch:PutMetricData": ("AWS defines no resource for it, only the namespace", "cloudwatch:namespace"),
    "ecr:GetAuthorizationToken": ("signs in to the registry; what may be pulled is another statement", None),
    "elasticloadbalancing:DescribeTargetHealth": ("AWS defines no resource for it", None),
    "servicequotas:GetServiceQuota": ("a quota has a resource, but its default, which most accounts have, does not", "aws:RequestedRegion"),
}

# (template, Sid) of statements that allow something to everybody, and the condition key that says who is meant.
# None where everybody is meant.
EVERYBODY: dict[tuple[str, str], tuple[str, str | None]] = {
    ("foundation", "AutoScalingEncryptsVolumes"): (
        "the service-linked role as a principal would have to exist before the first Auto Scaling group",
        "aws:PrincipalArn",
    ),
    ("foundation", "AutoScalingHandsVolumesToEc2"): ("as AutoScalingEncryptsVolumes", "aws:PrincipalArn"),
    ("network", "BucketsOfThisEstate"): (
        "an endpoint policy only narrows what the caller's own policies allow",
        "aws:ResourceAccount",
    ),
    ("network", "BucketsOfAws"): (
        "AWS's public buckets of packages and image layers, read without credentials",
        None,
    ),
    ("latch", "AnybodyReadsTheLatch"): ("Route 53's health checkers have no credentials", None),
}

# (template, logical id) whose name is not ours to choose.
NAMED_OTHERWISE: dict[tuple[str, str], str] = {
    ("daemon", "InsightsLogs"): "Container Insights writes to the log group of this name and to no other",
    ("data", "PostgresqlLog"): "RDS writes to the log group of this name and to no other",
}

# (template, logical id) that holds nothing worth a key of ours, or cannot have one.
UNENCRYPTED: dict[tuple[str, str], str] = {}
