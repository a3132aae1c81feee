"""Plants faults into a deployed stack, one after the other, and checks that `model-copier doctor` finds each and nothing else.

doctor.py prepare COMPANION                   makes the resources that the stack needs, and prints the stack's parameters
doctor.py PROGRAM STACK COMPANION [RELEASE]   runs the test; RELEASE is the folder of the deployed release

COMPANION is the stack of source-account.yaml in account 111122223333.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import boto3

BUCKET = "flowers-production-models"
PROJECT = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/1761991200000"
SOURCE_PROJECT = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000"
SOURCE = {"aws_access_key_id": "111122223333", "aws_secret_access_key": "local"}

names = ("cloudwatch", "dynamodb", "events", "kms", "lambda", "logs", "s3", "sqs")
cloudwatch, dynamodb, events, kms, functions, logs, s3, sqs = map(boto3.client, names)
companions = boto3.client("cloudformation", **SOURCE)
source_projects = boto3.client("rekognition", **SOURCE)


def values(stack, kind, client=None):
    (described,) = (client or boto3.client("cloudformation")).describe_stacks(StackName=stack)["Stacks"]
    return {entry[f"{kind}Key"]: entry[f"{kind}Value"] for entry in described[f"{kind}s"]}


def key_policy(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def prepare(companion):
    events.create_event_bus(Name="patients")
    s3.create_bucket(Bucket=BUCKET)
    parameters = {
        "EncryptionKeyArn": kms.create_key(Policy=key_policy("events.amazonaws.com"))["KeyMetadata"]["Arn"],
        "AlarmTopicArn": boto3.client("sns").create_topic(Name="on-call")["TopicArn"],
        "SourceAccountRoles": values(companion, "Output", companions)["RoleArn"],
        "ExternalId": values(companion, "Parameter", companions)["ExternalId"],
    }
    print(*(f"{name}={value}" for name, value in parameters.items()))


if sys.argv[1] == "prepare":
    prepare(sys.argv[2])
    sys.exit()

program, stack, companion, *release = sys.argv[1:]
outputs, parameters = values(stack, "Output"), values(stack, "Parameter")
requests, dead_letters, table, rule = (outputs[name] for name in ("RequestQueueUrl", "DeadLetterQueueUrl", "LedgerTable", "RequestRule"))
rule, bus, key = rule.split("|")[-1], outputs["EventBusName"], parameters["EncryptionKeyArn"]
start_copy = outputs["StartCopyFunction"]
work = Path(tempfile.mkdtemp())
(work / "credentials").write_text("[source]\naws_access_key_id = 111122223333\naws_secret_access_key = local\n")


def doctor(folder=None):
    """Runs doctor; returns the exit code and the checks that are not ok."""
    command = [program, "doctor", "--stack", stack, "--source-profile", "source", "--output", "json"]
    command += ["--release", str(folder)] if folder else []
    environment = {**os.environ, "AWS_SHARED_CREDENTIALS_FILE": str(work / "credentials")}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert ran.returncode in (0, 8), ran
    return ran.returncode, [check for check in json.loads(ran.stdout) if check["verdict"] != "ok"]


@contextmanager
def attribute(queue, name):
    before = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"][name]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: ""})
    yield
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: before})


@contextmanager
def between(plant, heal):
    plant()
    yield
    heal()


@contextmanager
def world(change):
    """Changes the sandbox's world."""
    url = f"{os.environ['AWS_ENDPOINT_URL_REKOGNITION']}/_sandbox/world"
    with urllib.request.urlopen(url) as answer:
        before = answer.read()
    put = lambda body: urllib.request.urlopen(urllib.request.Request(url, data=body, method="PUT")).close()
    put(json.dumps(change(json.loads(before))).encode())
    yield
    put(before)


def full(world):
    projects = {project["projectArn"]: project for project in world["projects"]}
    trained = projects[SOURCE_PROJECT]["versions"][0]
    name = lambda number: PROJECT.replace("/1761991200000", f"/version/v{number}/{1762077600000 + number}")
    projects[PROJECT]["versions"] = [{**trained, "projectVersionArn": name(number)} for number in range(100)]
    return world


def without_project(world):
    return {**world, "projects": [project for project in world["projects"] if project["projectArn"] != PROJECT]}


@contextmanager
def other_environment():
    before = functions.get_function_configuration(FunctionName=start_copy)["Environment"]["Variables"]

    def set_variables(variables):
        functions.update_function_configuration(FunctionName=start_copy, Environment={"Variables": variables})
        functions.get_waiter("function_updated_v2").wait(FunctionName=start_copy, WaiterConfig={"Delay": 1})

    set_variables({**before, "CALLS_PER_SECOND": "50"})
    yield
    set_variables(before)


@contextmanager
def dead_letter():
    sqs.send_message(QueueUrl=dead_letters, MessageBody="{}")
    yield
    sqs.purge_queue(QueueUrl=dead_letters)


@contextmanager
def other_pattern():
    before = events.describe_rule(Name=rule, EventBusName=bus)["EventPattern"]
    events.put_rule(Name=rule, EventBusName=bus, EventPattern='{"detail-type": ["Something else"]}')
    yield
    events.put_rule(Name=rule, EventBusName=bus, EventPattern=before)


@contextmanager
def target(**changes):
    before = events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"][0]
    changed = {name: value for name, value in {**before, **changes}.items() if value}
    events.put_targets(Rule=rule, EventBusName=bus, Targets=[changed])
    yield
    events.put_targets(Rule=rule, EventBusName=bus, Targets=[before])


@contextmanager
def logged_error():
    stream = {"logGroupName": f"/aws/lambda/{start_copy}", "logStreamName": "a-test"}
    logs.create_log_stream(**stream)
    line = json.dumps({"level": "ERROR", "message": "cannot start", "error": "a bad setting"})
    logs.put_log_events(**stream, logEvents=[{"timestamp": int(time.time() * 1000), "message": line}])
    yield
    logs.delete_log_stream(**stream)


@contextmanager
def policies_of_others():
    document = source_projects.list_project_policies(ProjectArn=SOURCE_PROJECT)["ProjectPolicies"][0]["PolicyDocument"]
    added = [f"other-{number}" for number in range(4)]
    for name in added:
        source_projects.put_project_policy(ProjectArn=SOURCE_PROJECT, PolicyName=name, PolicyDocument=document)
    yield
    for name in added:
        source_projects.delete_project_policy(ProjectArn=SOURCE_PROJECT, PolicyName=name)


mapping = functions.list_event_source_mappings(FunctionName=start_copy)["EventSourceMappings"][0]["UUID"]
set_mapping = lambda enabled: functions.update_event_source_mapping(UUID=mapping, Enabled=enabled)
set_expiry = lambda enabled: dynamodb.update_time_to_live(
    TableName=table, TimeToLiveSpecification={"AttributeName": "expiresAt", "Enabled": enabled}
)
set_backups = lambda enabled: dynamodb.update_continuous_backups(
    TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
)
set_protection = lambda enabled: dynamodb.update_table(TableName=table, DeletionProtectionEnabled=enabled)
set_key_policy = lambda service: kms.put_key_policy(KeyId=key, PolicyName="default", Policy=key_policy(service))
set_alarm = lambda state: cloudwatch.set_alarm_state(AlarmName=f"{stack}-ledger-errors", StateValue=state, StateReason="a test")
silent = {"AlarmNames": [f"{stack}-checker-silent"]}
queue_arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
set_destination = lambda: functions.put_function_event_invoke_config(
    FunctionName=start_copy, DestinationConfig={"OnFailure": {"Destination": queue_arn}}
)
copier_roles = outputs["CopierRoleArns"]


def set_copier_roles(roles):
    before = values(companion, "Parameter", companions)
    changes = {**before, "CopierRoleArns": roles}
    if changes == before:
        return
    companions.update_stack(
        StackName=companion,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in changes.items()],
    )
    companions.get_waiter("stack_update_complete").wait(StackName=companion, WaiterConfig={"Delay": 1})


# Each row has a check, a part of its advice, and the fault that it must find. All of these faults are healed.
FAULTS = [
    ("request rule", "aws events enable-rule", between(
        lambda: events.disable_rule(Name=rule, EventBusName=bus), lambda: events.enable_rule(Name=rule, EventBusName=bus))),
    ("request rule", "deploy the stack again", other_pattern()),
    ("rule's target", "deploy the stack again", target(Arn=queue_arn)),
    ("rule's target", "deploy the stack again", target(DeadLetterConfig=None)),
    ("request queue", "deploy the stack again", attribute(requests, "Policy")),
    ("request queue", "deploy the stack again", attribute(requests, "RedrivePolicy")),
    ("dead-letter queue", "deploy the stack again", attribute(dead_letters, "Policy")),
    ("dead letters", "model-copier dead-letters", dead_letter()),
    ("queue's mapping", "aws lambda update-event-source-mapping", between(lambda: set_mapping(False), lambda: set_mapping(True))),
    ("failed invocations", "deploy the stack again", between(
        lambda: functions.delete_function_event_invoke_config(FunctionName=start_copy), set_destination)),
    ("schedule", "aws events enable-rule", between(
        lambda: events.disable_rule(Name=f"{stack}-check"), lambda: events.enable_rule(Name=f"{stack}-check"))),
    ("ledger", "--deletion-protection-enabled", between(lambda: set_protection(False), lambda: set_protection(True))),
    ("ledger's expiry", "aws dynamodb update-time-to-live", between(lambda: set_expiry(False), lambda: set_expiry(True))),
    ("ledger's backups", "aws dynamodb update-continuous-backups", between(lambda: set_backups(False), lambda: set_backups(True))),
    ("its settings", "deploy the stack again", other_environment()),
    ("encryption key", "aws kms enable-key", between(lambda: kms.disable_key(KeyId=key), lambda: kms.enable_key(KeyId=key))),
    ("its policy", "Your own key", between(
        lambda: set_key_policy("sns.amazonaws.com"), lambda: set_key_policy("events.amazonaws.com"))),
    ("alarms", "docs/operate.md", between(lambda: set_alarm("ALARM"), lambda: set_alarm("OK"))),
    ("alarms", "aws cloudwatch enable-alarm-actions", between(
        lambda: cloudwatch.disable_alarm_actions(**silent), lambda: cloudwatch.enable_alarm_actions(**silent))),
    ("log", "Messages in the log", logged_error()),
    ("output bucket", "create it", between(lambda: s3.delete_bucket(Bucket=BUCKET), lambda: s3.create_bucket(Bucket=BUCKET))),
    ("destination project", "quota", world(full)),
    ("destination project", "create the project", world(without_project)),
    ("companion", "CopierRoleArns=", between(lambda: set_copier_roles("arn:aws:iam::444455556666:role/other"), lambda: set_copier_roles(copier_roles))),
    ("source project", "delete one of its policies", policies_of_others()),
]
# These two faults cannot be healed here.
LAST = [
    ("alarms", "deploy the stack again", between(lambda: cloudwatch.delete_alarms(**silent), lambda: None)),
    ("event bus", "The bus is gone", between(lambda: events.delete_event_bus(Name=bus), lambda: None)),
]

# MiniStack's CloudFormation leaves these out; the companion does not trust this stack's roles.
set_destination(), set_expiry(True), set_backups(True), set_copier_roles(copier_roles)
assert doctor() == (0, []), doctor()
print("ok: nothing is found on a sound stack", flush=True)

for check, remedy, fault in FAULTS:
    with fault:
        code, found = doctor()
    assert code == 8 and [entry["check"] for entry in found] == [check], (check, found)
    assert remedy in found[0]["remedy"], found
    print(f"ok: {check}: {found[0]['message']}", flush=True)
assert doctor() == (0, []), doctor()

if release:
    assert doctor(release[0]) == (0, []), doctor(release[0])
    other = json.loads((Path(release[0]) / "release.json").read_text())
    other["functions"]["start-copy"]["codeSha256"] = "AAAA"
    (work / "release.json").write_text(json.dumps(other))
    code, (found,) = doctor(work)
    assert code == 8 and found["check"] == "its code" and "AAAA" in found["message"], found
    print(f"ok: its code: {found['message']}", flush=True)

for check, remedy, fault in LAST:
    with fault:
        code, found = doctor()
    assert code == 8 and any(entry["check"] == check and remedy in entry["remedy"] for entry in found), (check, found)
    print(f"ok: {check}", flush=True)
print(f"{len(FAULTS) + len(LAST)} faults found")
