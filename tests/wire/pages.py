"""What drd pages, as people would receive it: from the bus, by a rule and a queue of the test's own.

Deliberately absent: the topic and the mail behind it.
"""

import json


class Pages:
    """What drd pages, read from the bus: a queue of the test's own behind a rule of its own."""

    def __init__(self, estate):
        self.sqs, self.seen = estate.sqs, []
        self.url = self.sqs.create_queue(QueueName=f"queue-pages-{estate.suffix}")["QueueUrl"]
        known = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        rule = f"rule-pages-{estate.suffix}"
        estate.bus.put_rule(Name=rule, EventPattern=json.dumps({"source": ["drd.page"]}))
        estate.bus.put_targets(Rule=rule, Targets=[{"Id": "pages", "Arn": known["Attributes"]["QueueArn"]}])

    def read(self) -> list[dict]:
        answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self.seen.append(json.loads(message["Body"])["detail"])
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return self.seen
