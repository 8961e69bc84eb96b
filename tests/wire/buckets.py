"""Buckets made by CloudFormation as AWS makes them: the emulator drops replication, encryption, life cycle, ownership
and tags, and deletes a bucket with everything in it.

Each property goes to the emulator's own S3 API. Deliberately absent: website, CORS, notifications and public access
block (the emulator has them), and every other property, which is refused.
"""

from cloudformation import HANDLERS, Refused, ok, only, xml
from ministack import app
from ministack.core import iam_evaluator
from ministack.services import s3
from ministack.services.cloudformation import provisioners

KNOWN = ("BucketName", "VersioningConfiguration", "PublicAccessBlockConfiguration", "BucketEncryption",
         "ReplicationConfiguration", "LifecycleConfiguration", "OwnershipControls", "LoggingConfiguration",
         "NotificationConfiguration", "CorsConfiguration")
S3_XML = "http://s3.amazonaws.com/doc/2006-03-01/"


def document(name: str, inner: str) -> bytes:
    return f'<{name} xmlns="{S3_XML}">{inner}</{name}>'.encode()


def encryption(props: dict) -> bytes:
    rules = []
    for rule in props["ServerSideEncryptionConfiguration"]:
        given = {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
        rules.append(xml("Rule", given | {k: v for k, v in rule.items() if k == "BucketKeyEnabled"}))
    return document("ServerSideEncryptionConfiguration", "".join(rules))


def replication(props: dict) -> bytes:
    """AWS: a destination that does not exist, or is not versioned, is refused; so is a source that is not."""
    rules = []
    for rule in props["Rules"]:
        name = rule["Destination"]["Bucket"].removeprefix("arn:aws:s3:::")
        if s3._bucket_owner_account(name) is None:
            raise Refused("InvalidRequest: Destination bucket must exist.")
        renamed = {"Id": "ID"}
        order = ["Id", "Priority", "Filter", "Prefix", "Status", "SourceSelectionCriteria", "Destination",
                 "DeleteMarkerReplication"]
        rules.append("<Rule>" + "".join(xml(renamed.get(k, k), rule[k]) for k in order if k in rule) + "</Rule>")
    return document("ReplicationConfiguration", xml("Role", props["Role"]) + "".join(rules))


def lifecycle(props: dict) -> bytes:
    rules = []
    for rule in props["Rules"]:
        only("a life cycle rule", rule, "Id", "Status", "Prefix", "ExpirationInDays",
             "NoncurrentVersionExpirationInDays", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload",
             "ExpiredObjectDeleteMarker")
        inner = {"ID": rule.get("Id", ""), "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
        if "ExpirationInDays" in rule:
            inner["Expiration"] = {"Days": rule["ExpirationInDays"]}
        if rule.get("ExpiredObjectDeleteMarker"):
            inner["Expiration"] = {"ExpiredObjectDeleteMarker": True}
        if "NoncurrentVersionExpirationInDays" in rule:
            inner["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
        for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
            if name in rule:
                inner[name] = rule[name]
        rules.append(xml("Rule", inner))
    return document("LifecycleConfiguration", "".join(rules))


def ownership(props: dict) -> bytes:
    return document("OwnershipControls", "".join(xml("Rule", rule) for rule in props["Rules"]))


def tagging(tags: list) -> bytes:
    inner = "".join(xml("Tag", {"Key": t["Key"], "Value": t["Value"]}) for t in tags)
    return document("Tagging", f"<TagSet>{inner}</TagSet>")


PUTS = (("BucketEncryption", encryption, s3._put_bucket_encryption),
        ("LifecycleConfiguration", lifecycle, s3._put_bucket_lifecycle),
        ("OwnershipControls", ownership, s3._put_bucket_ownership_controls),
        ("ReplicationConfiguration", replication, s3._put_bucket_replication),
        ("Tags", tagging, s3._put_bucket_tagging))


def configure(name: str, props: dict) -> None:
    for prop, as_xml, put in PUTS:
        if props.get(prop):
            ok(put(name, as_xml(props[prop])))


def outsiders_have_what_everybody_has() -> None:
    """AWS: an unsigned request is answered by what the bucket's policy gives to everybody, unless the bucket blocks
    public access, which a new one does. The emulator knows both, but only where every request is verified. Outsiders
    come over TLS, which ends before the emulator.
    """
    scope, record = s3._apply_bucket_scope, s3._new_bucket_public_access_block

    def scoped(method, bucket, key, headers, query_params, body=b"", internal=False):
        app.AUTH = not internal and not s3._request_access_key(method, key, headers, query_params, body)
        if app.AUTH:
            iam_evaluator.pin_request_origin("", True)
        try:
            return scope(method, bucket, key, headers, query_params, body, internal)
        finally:
            app.AUTH = False

    def blocked():
        app.AUTH = True
        try:
            return record()
        finally:
            app.AUTH = False

    s3._apply_bucket_scope, s3._new_bucket_public_access_block = scoped, blocked


def install() -> None:
    outsiders_have_what_everybody_has()
    original = HANDLERS["AWS::S3::Bucket"]

    def create(logical, props, stack):
        """AWS: what cannot be configured fails the bucket, which is then taken away again."""
        only("AWS::S3::Bucket", props, *KNOWN)
        name, given = original["create"](logical, props, stack)
        try:
            configure(name, props)
        except Refused:
            ok(s3._delete_bucket(name))
            raise
        return name, given

    def update(physical, old, new, stack):
        only("AWS::S3::Bucket", new, *KNOWN)
        name, given = original["update"](physical, old, new, stack)
        if old.get("ReplicationConfiguration") and not new.get("ReplicationConfiguration"):
            ok(s3._delete_bucket_replication(name))
        configure(name, new)
        return name, given

    def delete(physical, _props):
        """AWS: a bucket that holds a version or a delete marker cannot be deleted (BucketNotEmpty)."""
        if physical in s3._buckets:
            ok(s3._delete_bucket(physical))

    HANDLERS["AWS::S3::Bucket"] = {**original, "create": create, "update": update, "delete": delete}
    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")
