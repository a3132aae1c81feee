"""Sends requests through a deployed stack and checks the announcements on its bus. `test.py COPIER COPY-MODEL NOTIFY PROGRAM`

The arguments are the names of the stacks of template.yaml, examples/step-functions and examples/notify, and the path of
model-copier. It runs in the folder of the deployed bundle, with AWS's usual environment variables.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3

EVENTS = Path("events")
ENDED = {"COMPLETED", "FAILED", "TIMED_OUT", "REJECTED"}

events, sns, sqs, dynamodb, workflows = map(boto3.client, ("events", "sns", "sqs", "dynamodb", "stepfunctions"))


def outputs_of(stack):
    (described,) = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


*stacks, program = sys.argv[1:]
copier = stacks[0]
outputs, example, notify = map(outputs_of, stacks)
requests = outputs["RequestQueueUrl"]


def new_queue(name):
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    return queue, sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def listen():
    """Makes a queue that receives every announcement from the bus, as a subscriber does."""
    queue, arn = new_queue("subscriber")
    pattern = {"source": [outputs["EventSource"]], "detail-type": ["Rekognition Model Copy State Change"]}
    events.put_rule(Name="subscriber", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="subscriber", Targets=[{"Id": "queue", "Arn": arn}])
    return queue


subscriber = listen()
mailbox, mailbox_arn = new_queue("mailbox")
sns.subscribe(TopicArn=notify["TopicArn"], Protocol="sqs", Endpoint=mailbox_arn)
heard = []


def statuses(request_id, seconds=200):
    """Returns every announced status of the request, in order, once one of them is final."""
    give_up = time.monotonic() + seconds
    while True:
        found = [detail["status"] for detail in heard if detail["requestId"] == request_id]
        if found and found[-1] in ENDED:
            return found
        assert time.monotonic() < give_up, f"{request_id} was only {found} after {seconds} s; heard {heard}"
        answer = sqs.receive_message(QueueUrl=subscriber, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        for message in answer.get("Messages", []):
            heard.append(json.loads(message["Body"])["detail"])
            sqs.delete_message(QueueUrl=subscriber, ReceiptHandle=message["ReceiptHandle"])


def put_on_the_bus(**changes):
    event = json.loads((EVENTS / "copy-requested.json").read_text())
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps({**event["detail"], **changes}),
        "EventBusName": outputs["EventBusName"],
    }
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0


def record(request_id):
    item = dynamodb.get_item(TableName=outputs["LedgerTable"], Key={"id": {"S": f"444455556666#{request_id}"}})
    return item.get("Item")


def messages(queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(map(int, sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"].values()))


def wait_until(holds, seconds=60):
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, f"not within {seconds} s"
        time.sleep(0.5)


def processes(function):
    """Returns the ids of the processes that run the function."""
    name = f"AWS_LAMBDA_FUNCTION_NAME={function}\0".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if name in (process / "environ").read_bytes() and (process / "comm").read_text().strip() == "bootstrap":
                yield int(process.name)
        except OSError:
            pass


def the_functions_run_the_releases_code():
    release = json.loads(Path("release.json").read_text())
    for function, released in release["functions"].items():
        deployed = boto3.client("lambda").get_function_configuration(FunctionName=f"{sys.argv[1]}-{function}")
        assert deployed["CodeSha256"] == released["codeSha256"], (function, deployed["CodeSha256"])


def a_request_on_the_bus_comes_back_started_and_completed():
    put_on_the_bus(requestId="first")
    assert statuses("first") == ["STARTED", "COMPLETED"]
    ended = heard[-1]
    assert ended["modelStatus"] == "COPYING_COMPLETED" and ended["context"]["pipeline"] == "flowers", ended
    assert record("first")["status"]["S"] == "COMPLETED"
    versions = boto3.client("rekognition").describe_project_versions(ProjectArn=ended["destinationProjectArn"])
    (copy,) = versions["ProjectVersionDescriptions"]
    assert copy["ProjectVersionArn"] == ended["projectVersionArn"], copy


def a_poisoned_message_is_rejected_and_people_are_told():
    sent = sqs.send_message(QueueUrl=requests, MessageBody="this is no JSON")
    assert statuses(sent["MessageId"]) == ["REJECTED"]
    assert heard[-1]["failure"]["code"] == "InvalidRequest", heard[-1]
    # The topic sends only this announcement, and none of a completed copy.
    wait_until(lambda: messages(mailbox) == 1)
    (message,) = sqs.receive_message(QueueUrl=mailbox)["Messages"]
    mail = json.loads(message["Body"])
    assert mail["Subject"] == f"REJECTED: copy of {sent['MessageId']}", mail
    assert json.loads(mail["Message"])["metadata"]["threadId"] == sent["MessageId"], mail


def a_killed_functions_message_is_redelivered():
    # The deployed time of six minutes is too long for a test.
    sqs.set_queue_attributes(QueueUrl=requests, Attributes={"VisibilityTimeout": "5"})
    frozen = list(processes(outputs["StartCopyFunction"]))
    assert frozen, "start-copy is not running"
    for process in frozen:
        os.kill(process, signal.SIGSTOP)
    put_on_the_bus(requestId="second", versionName="flowers.second")
    wait_until(lambda: messages(requests) == 1)
    time.sleep(2)
    assert record("second") is None, "a frozen function has recorded it"
    for process in frozen:
        os.kill(process, signal.SIGKILL)
    assert statuses("second") == ["STARTED", "COMPLETED"]
    assert not set(frozen) & set(processes(outputs["StartCopyFunction"]))


def begin(**changes):
    """Runs the example's workflow."""
    request = {**json.loads((EVENTS / "copy-requested-bare.json").read_text()), **changes}
    return workflows.start_execution(stateMachineArn=example["CopyModelArn"], input=json.dumps(request))["executionArn"]


def ended(execution):
    description = {}

    def is_over():
        description.update(workflows.describe_execution(executionArn=execution))
        return description["status"] != "RUNNING"

    wait_until(is_over, 200)
    return description


def a_workflow_waits_for_its_copy_without_polling():
    good = begin(versionName="flowers.workflow")
    bad = begin(versionName="flowers.elsewhere", outputConfig={"s3Bucket": "somebody-elses-bucket"})
    rejected = ended(bad)
    assert (rejected["status"], rejected["error"]) == ("FAILED", "REJECTED"), rejected
    assert json.loads(rejected["cause"])["failure"]["code"] == "NotAllowed", rejected
    copied = ended(good)
    assert copied["status"] == "SUCCEEDED", copied
    output = json.loads(copied["output"])
    assert (output["status"], output["versionName"]) == ("COMPLETED", "flowers.workflow"), output


def dead_letters_are_shown_redriven_and_deleted():
    dead = outputs["DeadLetterQueueUrl"]

    def dead_letters(*arguments):
        command = [program, "dead-letters", *arguments, "--stack", copier, "--output", "json"]
        ran = subprocess.run(command, capture_output=True, text=True)
        assert ran.returncode == 0, ran
        return {letter["requestId"]: letter for letter in json.loads(ran.stdout)}

    request = json.loads((EVENTS / "copy-requested-bare.json").read_text())
    event = json.loads((EVENTS / "copy-requested.json").read_text())
    event["detail"] |= {"requestId": "undelivered", "versionName": "flowers.undelivered"}
    code = {"ERROR_CODE": {"DataType": "String", "StringValue": "NO_RESOURCE"}}
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps(event), MessageAttributes=code)
    failed = {
        "requestContext": {"condition": "RetriesExhausted"},
        "requestPayload": {**request, "requestId": "failed", "versionName": "flowers.failed"},
        "responsePayload": {"errorMessage": "the ledger is down"},
    }
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps(failed))
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({**request, "requestId": "stranger"}))

    shown = dead_letters()
    assert {name: letter["cause"] for name, letter in shown.items()} == {
        "undelivered": "notDelivered", "failed": "failedInvocation", "stranger": "sentBySomebody"
    }, shown
    assert "the ledger is down" in shown["failed"]["reason"], shown
    assert dead_letters("redrive", "--dry-run").keys() == dead_letters("show").keys() == shown.keys()
    assert dead_letters("delete", "--id", shown["stranger"]["messageId"]).keys() == {"stranger"}
    assert dead_letters("redrive").keys() == {"undelivered", "failed"}
    assert dead_letters() == {}
    assert statuses("undelivered") == ["STARTED", "COMPLETED"] == statuses("failed")
    assert record("stranger") is None


def nothing_is_left_behind():
    wait_until(lambda: messages(requests) == 0)
    assert messages(outputs["DeadLetterQueueUrl"]) == 0
    due = dynamodb.scan(TableName=outputs["LedgerTable"], IndexName="due")["Items"]
    assert due == [], due


facts = [
    the_functions_run_the_releases_code,
    a_request_on_the_bus_comes_back_started_and_completed,
    a_poisoned_message_is_rejected_and_people_are_told,
    a_killed_functions_message_is_redelivered,
    a_workflow_waits_for_its_copy_without_polling,
    dead_letters_are_shown_redriven_and_deleted,
    nothing_is_left_behind,
]
for fact in facts:
    fact()
    print(f"ok: {fact.__name__}", flush=True)
print(f"{len(facts)} passed, 0 failed")
