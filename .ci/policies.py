"""Who may do what, as the policies in the templates say. docs/cross-account.md and docs/security-review.md refer to these
facts by name.
"""

import re

from facts import check
from iam import REGION, Stack, allowed, listed

SOURCE, DESTINATION, HUB, STRANGER = "111122223333", "444455556666", "555566667777", "777788889999"

FLOWERS = f"arn:aws:rekognition:{REGION}:{SOURCE}:project/flowers/1761904800000"
MODEL = f"arn:aws:rekognition:{REGION}:{SOURCE}:project/flowers/version/flowers.2026-11-02/1762077600000"
PRODUCTION = f"arn:aws:rekognition:{REGION}:{DESTINATION}:project/flowers-production/1761991200000"
COPY = f"arn:aws:rekognition:{REGION}:{DESTINATION}:project/flowers-production/version/flowers.2026-11-02/1763978401250"
KEY = f"arn:aws:kms:{REGION}:{DESTINATION}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
STACKS_KEY = KEY.replace("1234abcd", "5678abcd")
BUS = f"arn:aws:events:{REGION}:{DESTINATION}:event-bus/default"
GRANT_ROLE = f"arn:aws:iam::{SOURCE}:role/source-GrantRole-EXAMPLE"
OPERATOR = f"arn:aws:iam::{DESTINATION}:role/operator"
TOPIC = f"arn:aws:sns:{REGION}:{DESTINATION}:model-releases"
REQUESTED, CHANGED = "Rekognition Model Copy Requested", "Rekognition Model Copy State Change"

COPIER = {
    "OutputBuckets": ["flowers-production-models", "second/copies"],
    "DestinationProjects": [f"arn:aws:rekognition:{REGION}:{DESTINATION}:project/flowers-production/*"],
    "AllowedSourceAccounts": [SOURCE],
    "SourceProjects": [f"arn:aws:rekognition:{REGION}:{SOURCE}:project/flowers/*"],
    "ModelKeys": [KEY],
    "RequesterAccounts": [SOURCE],
    "RequesterOrganization": "o-exampleorgid",
    "AllowedTagKeys": ["team", "model"],
    "DirectSenders": [OPERATOR, TOPIC],
    "SourceAccountRoles": [GRANT_ROLE],
    "EncryptionKeyArn": STACKS_KEY,
}
COMPANION = {
    "DestinationAccount": DESTINATION,
    "CopierRoleArns": [f"arn:aws:iam::{DESTINATION}:role/{name}" for name in ("StartCopyRole", "CheckCopiesRole")],
    "ExternalId": "6f1d0c5e-8a0b-4a52-9c3e-2b7d41f866a9",
    "ProjectArns": [FLOWERS],
    "DestinationBusArn": BUS,
}


copier = Stack("template.yaml", DESTINATION, COPIER)
bare = Stack("template.yaml", DESTINATION, {"OutputBuckets": ["flowers-production-models"]})
companion = Stack("source-account.yaml", SOURCE, COMPANION)
hub = Stack("examples/hub/template.yaml", HUB, {
    "Organization": "o-exampleorgid", "DestinationAccount": DESTINATION, "DestinationBusArn": BUS,
})
workflow = Stack("examples/step-functions/template.yaml", DESTINATION, {})
notify = Stack("examples/notify/template.yaml", DESTINATION, {
    "AlsoCompleted": "true", "MailAddress": "models@example.com", "SlackChannel": "T0123456789/C0123456789",
})
start_model = Stack("examples/start-model/template.yaml", DESTINATION, {"ProjectName": "flowers-production"})
queue, dead_letters = copier.arn("RequestQueue"), copier.arn("DeadLetterQueue")
rule = f"arn:aws:events:{REGION}:{DESTINATION}:rule/model-copy-requests-default"
EVENTBRIDGE, SNS = {"service": "events.amazonaws.com"}, {"service": "sns.amazonaws.com"}


def only_our_rule_and_direct_senders_may_send():
    for stack in (copier, bare):
        policy = stack.properties("RequestQueuePolicy")["PolicyDocument"]["Statement"]
        # An identity policy that allows everything, which the queue's denial has to win over.
        administrator = [{"Effect": "Allow", "Action": "*", "Principal": "*"}]
        send = lambda extra, caller, **keys: allowed(policy + extra, "sqs:SendMessage", queue, caller, **keys)
        own = {"account": DESTINATION}
        direct = stack is copier
        assert send([], EVENTBRIDGE, aws_SourceArn=rule)
        assert not send([], EVENTBRIDGE, aws_SourceArn=rule.replace("requests", "answers")), "another rule"
        assert not send([], EVENTBRIDGE, aws_SourceArn=rule.replace(DESTINATION, STRANGER)), "another account's rule"
        assert not send([], EVENTBRIDGE), "no source: a missing key denies"
        assert not send(administrator, own, aws_PrincipalArn=f"arn:aws:iam::{DESTINATION}:role/admin")
        assert not send(administrator, own), "no principal: a missing key denies"
        assert send(administrator, own, aws_PrincipalArn=OPERATOR) == direct
        assert send([], SNS, aws_SourceArn=TOPIC, aws_SourceAccount=DESTINATION) == direct
        assert not send([], SNS, aws_SourceArn=TOPIC, aws_SourceAccount=STRANGER), "another account's topic"
        assert not send([], SNS, aws_SourceArn=TOPIC), "no account: a missing key denies"
        assert not send([], SNS, aws_SourceArn=TOPIC + "-2", aws_SourceAccount=DESTINATION)
        assert not send([], {"account": STRANGER}, aws_PrincipalArn=f"arn:aws:iam::{STRANGER}:role/operator")
        assert not send([], EVENTBRIDGE, aws_SourceArn=rule, aws_SecureTransport="false"), "not without TLS"


def the_old_and_the_new_rule_may_send_while_the_bus_changes():
    buses = ["default", "models", "models/all", "b" * 44]
    stacks = [Stack("template.yaml", DESTINATION, COPIER | {"EventBusName": bus}) for bus in buses]
    names = [stack.properties("RequestRule")["Name"] for stack in stacks]
    # Another name makes it another rule, which CloudFormation creates before it removes the old one.
    assert len(set(names)) == len(names) and all(re.fullmatch(r"[.\-_A-Za-z0-9]{1,64}", name) for name in names), names
    for bus, name in zip(buses, names):
        source = f"arn:aws:events:{REGION}:{DESTINATION}:rule/{name if bus == 'default' else f'{bus}/{name}'}"
        for stack in stacks:
            for target in ("RequestQueue", "DeadLetterQueue"):
                policy = stack.properties(f"{target}Policy")["PolicyDocument"]["Statement"]
                assert allowed(policy, "sqs:SendMessage", stack.arn(target), EVENTBRIDGE, aws_SourceArn=source), source
    # The rule is made after the policies.
    assert copier.resources["RequestRule"]["DependsOn"] == ["RequestQueuePolicy", "DeadLetterQueuePolicy"]


def every_queue_refuses_what_comes_without_tls():
    everything = [{"Effect": "Allow", "Action": "*", "Principal": "*"}]
    for stack in (copier, companion, hub, workflow, notify, start_model):
        of = lambda kind: [name for name, resource in stack.resources.items() if resource["Type"] == f"AWS::SQS::{kind}"]
        policies = [stack.properties(name) for name in of("QueuePolicy")]
        assert policies and sorted(name for policy in policies for name in policy["Queues"]) == sorted(of("Queue"))
        for policy in policies:
            statements, arn = policy["PolicyDocument"]["Statement"] + everything, stack.arn(policy["Queues"][0])
            for action in ("sqs:SendMessage", "sqs:ReceiveMessage"):
                may = lambda **tls: allowed(statements, action, arn, EVENTBRIDGE, aws_SourceArn=rule, **tls)
                assert may(aws_SecureTransport="true") and not may(aws_SecureTransport="false"), (arn, action)


def named_accounts_may_put_requests_and_nothing_else():
    put = lambda name, caller, **keys: allowed(
        [copier.properties(name)["Statement"]], "events:PutEvents", BUS, caller, **keys
    )
    for name, caller, extra in (
        ("RequestsFromAccounts", {"account": SOURCE}, {}),
        ("RequestsFromOrganization", {"account": STRANGER}, {"aws_PrincipalOrgID": "o-exampleorgid"}),
    ):
        assert put(name, caller, events_detail__type=REQUESTED, **extra)
        assert not put(name, caller, events_detail__type=CHANGED, **extra), "an announcement"
        assert not put(name, caller, **extra), "no detail-type: a missing key denies"
    assert not put("RequestsFromAccounts", {"account": STRANGER}, events_detail__type=REQUESTED)
    assert not put("RequestsFromOrganization", {"account": SOURCE}, events_detail__type=REQUESTED), "no organization"
    other = {"aws_PrincipalOrgID": "o-otherorgid0"}
    assert not put("RequestsFromOrganization", {"account": SOURCE}, events_detail__type=REQUESTED, **other)


def both_functions_may_copy_what_the_parameters_name():
    for name in ("StartCopyRole", "CheckCopiesRole"):
        can = lambda action, resource, **keys: allowed(copier.role(name), action, resource, **keys)
        for resource in (FLOWERS, MODEL, PRODUCTION, COPY):
            assert can("rekognition:CopyProjectVersion", resource), resource
        for action in ("CreateProjectVersion", "TagResource", "DescribeProjectVersions"):
            assert can(f"rekognition:{action}", PRODUCTION) and can(f"rekognition:{action}", COPY), action
            assert not can(f"rekognition:{action}", FLOWERS), action
        assert not can("rekognition:CopyProjectVersion", FLOWERS.replace("flowers/", "trees/")), "another project"
        assert not can("rekognition:CopyProjectVersion", MODEL.replace(SOURCE, STRANGER)), "another account"
        assert not can("rekognition:CopyProjectVersion", COPY.replace("flowers-production", "flowers-production2"))
        for action in ("DeleteProjectVersion", "StartProjectVersion", "PutProjectPolicy", "DeleteProject"):
            assert not can(f"rekognition:{action}", PRODUCTION), action


def a_copy_has_allowed_tags_only():
    for name in ("StartCopyRole", "CheckCopiesRole"):
        for action in ("CopyProjectVersion", "TagResource"):
            tags = lambda *keys: allowed(copier.role(name), f"rekognition:{action}", COPY, aws_TagKeys=list(keys))
            assert tags() and tags("team") and tags("team", "model")
            assert not tags("access") and not tags("team", "access"), action
        assert allowed(copier.role(name), "rekognition:CopyProjectVersion", COPY), "without tags there is no such key"
        assert allowed(bare.role(name), "rekognition:TagResource", COPY, aws_TagKeys=["access"]), "by default any"


def copies_go_into_our_own_named_buckets():
    for name in ("StartCopyRole", "CheckCopiesRole"):
        can = lambda action, resource, **keys: allowed(copier.role(name), action, resource, **keys)
        for entry in COPIER["OutputBuckets"]:
            objects, own, strangers = f"arn:aws:s3:::{entry}", {"aws_ResourceAccount": DESTINATION}, {"aws_ResourceAccount": STRANGER}
            assert can("s3:PutObject", f"{objects}/copied/a", **own) and can("s3:GetObjectTagging", f"{objects}/a", **own)
            assert not can("s3:PutObject", f"{objects}/a", **strangers)
            assert not can("s3:PutObject", f"{objects}/a"), "no owner: a missing key denies"
            assert not can("s3:PutObject", f"{objects}-2/a", **own)
            assert not can("s3:DeleteObject", f"{objects}/a", **own)
            bucket = objects.split("/")[0]
            assert can("s3:GetBucketLocation", bucket, **own) and not can("s3:GetBucketLocation", bucket, **strangers)
        assert not can("s3:PutObject", "arn:aws:s3:::second/a", aws_ResourceAccount=DESTINATION), "beside the prefix"
        assert not can("s3:PutObject", "arn:aws:s3:::third/a", aws_ResourceAccount=DESTINATION)
        assert can("kms:CreateGrant", KEY) and not can("kms:CreateGrant", KEY.replace("1234abcd", "4321abcd"))


def the_functions_speak_under_their_own_source_only():
    for name in ("StartCopyRole", "CheckCopiesRole"):
        can = lambda **keys: allowed(copier.role(name), "events:PutEvents", BUS, **keys)
        assert can(events_source="rekognition.model-copier", events_detail__type=CHANGED)
        assert not can(events_source="rekognition.model-copier", events_detail__type=REQUESTED), "no requests"
        assert not can(events_source="somebody.else", events_detail__type=CHANGED)
        assert not can()


def each_function_has_its_own_part_of_the_ledger_and_the_queue():
    table, index = copier.arn("Ledger"), copier.arn("Ledger") + "/index/due"
    start, check = copier.role("StartCopyRole"), copier.role("CheckCopiesRole")
    assert allowed(start, "dynamodb:PutItem", table) and allowed(check, "dynamodb:PutItem", table)
    assert allowed(check, "dynamodb:GetItem", table) and not allowed(start, "dynamodb:GetItem", table)
    assert allowed(check, "dynamodb:Query", index) and not allowed(check, "dynamodb:Query", table)
    assert allowed(start, "sqs:ReceiveMessage", queue) and not allowed(check, "sqs:ReceiveMessage", queue)
    assert allowed(start, "sqs:SendMessage", dead_letters) and not allowed(check, "sqs:SendMessage", dead_letters)
    for role in (start, check):
        assert not any(allowed(role, f"dynamodb:{action}", table) for action in ("DeleteItem", "UpdateItem", "Scan"))
        assert not allowed(role, "sqs:SendMessage", queue)
    logs = [copier.arn(name).removesuffix("*") + "log-stream:1" for name in ("StartCopyLogs", "CheckCopiesLogs")]
    assert [allowed(start, "logs:PutLogEvents", log) for log in logs] == [True, False]
    assert [allowed(check, "logs:PutLogEvents", log) for log in logs] == [False, True]


def the_stacks_key_serves_its_table_and_its_queue_only():
    via = lambda service: {"kms_ViaService": f"{service}.{REGION}.amazonaws.com"}
    for name, services in (("StartCopyRole", {"dynamodb", "sqs"}), ("CheckCopiesRole", {"dynamodb"})):
        can = lambda action, **keys: allowed(copier.role(name), action, STACKS_KEY, **keys)
        assert {service for service in ("dynamodb", "sqs", "s3", "logs") if can("kms:Decrypt", **via(service))} == services
        assert not can("kms:Decrypt"), "only through a service: a missing key denies"
        assert not can("kms:CreateGrant", **via("dynamodb")) and not can("kms:GenerateDataKey", **via("dynamodb"))
        assert can("kms:GenerateDataKey", **via("sqs")) == ("sqs" in services), "to keep a failed invocation"


def nothing_is_allowed_that_no_parameter_asked_for():
    for name in ("StartCopyRole", "CheckCopiesRole"):
        role = bare.role(name)
        assert not any(allowed(role, action, "*") for action in ("sts:AssumeRole", "kms:Decrypt"))
        assert not any(action.startswith(("sts:", "kms:")) for s in role for action in listed(s["Action"])), role
        assert allowed(role, "rekognition:CopyProjectVersion", COPY), "its own account's projects, either way"
        assert not allowed(role, "rekognition:CopyProjectVersion", MODEL), "a model of another account"
        assert not [s["Sid"] for s in copier.role(name) if "*" in listed(s["Resource"])]


def the_copier_assumes_the_listed_roles_only():
    for name in ("StartCopyRole", "CheckCopiesRole"):
        assert allowed(copier.role(name), "sts:AssumeRole", GRANT_ROLE)
        assert not allowed(copier.role(name), "sts:AssumeRole", GRANT_ROLE.replace("GrantRole", "Admin"))


def the_companion_trusts_exactly_the_copier():
    trust = companion.properties("GrantRole")["AssumeRolePolicyDocument"]["Statement"]
    assume = lambda account=DESTINATION, **keys: allowed(
        trust, "sts:AssumeRole", "*", {"account": account}, **keys
    )
    secret = {"sts_ExternalId": COMPANION["ExternalId"]}
    for role in COMPANION["CopierRoleArns"]:
        assert assume(aws_PrincipalArn=role, **secret)
        assert not assume(aws_PrincipalArn=role, sts_ExternalId="another"), "a wrong external id"
        assert not assume(aws_PrincipalArn=role), "no external id: a missing key denies"
        assert not assume(aws_PrincipalArn=role + "2", **secret), "another role"
        assert not assume(account=STRANGER, aws_PrincipalArn=role, **secret), "another account"
    assert not assume(**secret), "no principal: a missing key denies"


def the_grant_role_touches_the_policies_of_the_named_projects_only():
    role = companion.role("GrantRole")
    actions = {"rekognition:ListProjectPolicies", "rekognition:PutProjectPolicy", "rekognition:DeleteProjectPolicy"}
    assert {action for statement in role for action in listed(statement["Action"])} == actions
    for action in actions:
        assert allowed(role, action, FLOWERS) and not allowed(role, action, FLOWERS.replace("flowers", "trees"))
    for action in ("DeleteProject", "CopyProjectVersion", "StartProjectVersion"):
        assert not allowed(role, f"rekognition:{action}", FLOWERS), action


def only_models_of_the_named_project_are_started():
    role = start_model.role("WorkflowRole")
    assert allowed(role, "rekognition:StartProjectVersion", COPY)
    for name in ("flowers", "flowers-production2"):
        assert not allowed(role, "rekognition:StartProjectVersion", COPY.replace("/flowers-production/", f"/{name}/"))
    assert not allowed(role, "rekognition:DeleteProjectVersion", COPY)


def requests_are_forwarded_to_the_copiers_bus_only():
    for stack in (companion, hub):
        role = stack.role("ForwardingRole")
        assert allowed(role, "events:PutEvents", BUS, events_detail__type=REQUESTED)
        assert not allowed(role, "events:PutEvents", BUS + "2", events_detail__type=REQUESTED)
        assert not allowed(role, "events:PutEvents", BUS, events_detail__type=CHANGED), "an announcement"


if __name__ == "__main__":
    check([
        only_our_rule_and_direct_senders_may_send,
        the_old_and_the_new_rule_may_send_while_the_bus_changes,
        every_queue_refuses_what_comes_without_tls,
        named_accounts_may_put_requests_and_nothing_else,
        both_functions_may_copy_what_the_parameters_name,
        a_copy_has_allowed_tags_only,
        copies_go_into_our_own_named_buckets,
        the_functions_speak_under_their_own_source_only,
        each_function_has_its_own_part_of_the_ledger_and_the_queue,
        the_stacks_key_serves_its_table_and_its_queue_only,
        nothing_is_allowed_that_no_parameter_asked_for,
        the_copier_assumes_the_listed_roles_only,
        the_companion_trusts_exactly_the_copier,
        the_grant_role_touches_the_policies_of_the_named_projects_only,
        only_models_of_the_named_project_are_started,
        requests_are_forwarded_to_the_copiers_bus_only,
    ])
