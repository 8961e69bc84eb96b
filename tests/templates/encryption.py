"""Rules of encryption: whatever holds data is encrypted, and logs do not live for ever.

Deliberately absent: the event bus, which AWS encrypts with a key of its own and where a key of ours would have to be
opened to senders in three other regions; encryption on the wire, where AWS offers no way without (SQS, DynamoDB).
"""

from collections.abc import Callable, Iterator
from typing import Any

from exceptions import UNENCRYPTED
from loading import Template, listed, walk
from schemas import encryption_properties

Properties = dict[str, Any]
NOT_OURS = {"AWS::EC2::VPC", "AWS::Events::EventBus", "AWS::Lambda::EventSourceMapping", "AWS::Scheduler::Schedule"}
TLS = "ELBSecurityPolicy-TLS13-1-2"


def yes(value: Any) -> bool:
    return str(value).lower() == "true"


def volumes(properties: Properties) -> bool:
    disks = [value["Ebs"] for value in walk(properties) if isinstance(value, dict) and "Ebs" in value]
    return bool(disks) and all(yes(disk.get("Encrypted")) and disk.get("KmsKeyId") for disk in disks)


def secret(properties: Properties) -> bool:
    replicas = listed(properties.get("ReplicaRegions"))
    return bool(properties.get("KmsKeyId")) and all(replica.get("KmsKeyId") for replica in replicas)


def bucket(properties: Properties) -> bool:
    rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    return any("SSEAlgorithm" in rule.get("ServerSideEncryptionByDefault", {}) for rule in rules)


def replicas(properties: Properties) -> bool:
    """Objects under a key are only replicated, and only arrive encrypted, when both are said."""
    rules = [value for value in walk(properties.get("ReplicationConfiguration")) if isinstance(value, dict)]
    return all(
        rule.get("SourceSelectionCriteria", {}).get("SseKmsEncryptedObjects", {}).get("Status") == "Enabled"
        and rule["Destination"].get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID")
        for rule in rules
        if "Destination" in rule
    )


def listener(properties: Properties) -> bool:
    return properties.get("Protocol") != "HTTPS" or str(properties.get("SslPolicy", "")).startswith(TLS)


# A type may be judged more than once; each text says what is missing.
JUDGED: list[tuple[str, str, Callable[[Properties], Any]]] = [
    ("AWS::DynamoDB::Table", "a key of ours", lambda p: p.get("SSESpecification", {}).get("KMSMasterKeyId")),
    ("AWS::DynamoDB::Table", "encryption", lambda p: yes(p.get("SSESpecification", {}).get("SSEEnabled"))),
    ("AWS::EC2::LaunchTemplate", "encrypted volumes", volumes),
    ("AWS::ElasticLoadBalancingV2::Listener", "a policy of TLS 1.2 or better", listener),
    ("AWS::KMS::Key", "rotation", lambda p: yes(p.get("EnableKeyRotation"))),
    ("AWS::Lambda::Function", "a key of ours", lambda p: "Environment" not in p or p.get("KmsKeyArn")),
    ("AWS::Logs::LogGroup", "a key of ours", lambda p: p.get("KmsKeyId")),
    ("AWS::Logs::LogGroup", "an end of retention", lambda p: p.get("RetentionInDays")),
    ("AWS::RDS::DBCluster", "encryption", lambda p: yes(p.get("StorageEncrypted"))),
    ("AWS::RDS::DBCluster", "a key of ours", lambda p: p.get("KmsKeyId")),
    (
        "AWS::RDS::DBInstance",
        "a key of ours for Performance Insights",
        lambda p: not yes(p.get("EnablePerformanceInsights")) or p.get("PerformanceInsightsKMSKeyId"),
    ),
    ("AWS::RDS::GlobalCluster", "encryption", lambda p: yes(p.get("StorageEncrypted"))),
    ("AWS::S3::Bucket", "encryption", bucket),
    ("AWS::S3::Bucket", "encrypted replicas", replicas),
    ("AWS::SNS::Topic", "a key of ours", lambda p: p.get("KmsMasterKeyId") not in (None, "alias/aws/sns")),
    ("AWS::SQS::Queue", "encryption", lambda p: p.get("KmsMasterKeyId") or yes(p.get("SqsManagedSseEnabled"))),
    ("AWS::SecretsManager::Secret", "a key of ours, also for the replica", secret),
]


def everything_that_holds_data_is_encrypted(template: Template) -> Iterator[str]:
    known = {kind for kind, _, _ in JUDGED} | NOT_OURS
    for logical_id, resource in template.resources.items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind not in known and encryption_properties(kind):
            yield f"{logical_id}: encryption.py does not say how a {kind} is encrypted"
        if (template.name, logical_id) in UNENCRYPTED:
            continue
        for judged, what, holds in JUDGED:
            if judged == kind and not holds(properties):
                yield f"{logical_id}: lacks {what}"


def parameter_groups_force_tls(template: Template) -> Iterator[str]:
    for logical_id, properties in template.of_type("AWS::RDS::DBClusterParameterGroup"):
        if str(properties.get("Parameters", {}).get("rds.force_ssl")) != "1":
            yield f"{logical_id}: rds.force_ssl is not 1"


def buckets_are_closed(template: Template) -> Iterator[str]:
    """The latch bucket alone may have a public policy; its own rule in meaning.py says for what."""
    wanted = {"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"}
    if template.name == "latch":
        wanted -= {"BlockPublicPolicy", "RestrictPublicBuckets"}
    for logical_id, properties in template.of_type("AWS::S3::Bucket"):
        blocked = properties.get("PublicAccessBlockConfiguration", {})
        for setting in sorted(wanted):
            if not yes(blocked.get(setting)):
                yield f"{logical_id}: {setting} is not true"


RULES = [everything_that_holds_data_is_encrypted, parameter_groups_force_tls, buckets_are_closed]
