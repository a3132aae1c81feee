"""Code and policy, both ways: all that the programs asked of AWS in the tests is allowed by their roles in the
templates, and all that the roles allow was asked for, or is explained here.

`calls.py FOLDER` reads what tests/it/support/recording.rs wrote there. A call counts whether it was answered or refused.
Knows what a call names; what AWS checks beyond that (the bucket, the key) is among the explained.
"""

import json
import sys
from pathlib import Path

from iam import Stack, allowed, listed
from policies import COMPANION, COPIER, DESTINATION, REGION, SOURCE

# What the tests' copiers may copy.
SOURCES = [f"arn:aws:rekognition:{REGION}:{account}:project/flowers*/*" for account in (SOURCE, DESTINATION)]
# The parameters that a deployment's variables are made of, where policies depend on them.
PARAMETERS = {"EVENT_BUS": "EventBusName", "EVENT_SOURCE": "EventSource", "SOURCE_ACCOUNT_ROLES": "SourceAccountRoles"}
COMPANIONS_ROLE = Stack("source-account.yaml", SOURCE, COMPANION).role("GrantRole")

EXPLAINED = {
    "rekognition:CreateProjectVersion": "CopyProjectVersion needs it, says AWS's service authorization reference",
    "rekognition:TagResource": "CopyProjectVersion needs it, says AWS's service authorization reference",
    "s3:PutObject": "Rekognition writes the copy with the caller's rights",
    "s3:GetObject": "AWS's managed policy for Custom Labels has it",
    "s3:GetObjectAcl": "AWS's managed policy for Custom Labels has it",
    "s3:GetObjectTagging": "AWS's managed policy for Custom Labels has it",
    "s3:GetObjectVersion": "AWS's managed policy for Custom Labels has it",
    "s3:ListBucket": "AWS's managed policy for Custom Labels has it",
    "s3:GetBucketAcl": "AWS's managed policy for Custom Labels has it",
    "s3:GetBucketLocation": "AWS's managed policy for Custom Labels has it",
    "kms:CreateGrant": "CopyProjectVersion needs it on the request's key",
    "kms:DescribeKey": "CopyProjectVersion needs it on the request's key, DynamoDB on the stack's",
    "kms:GenerateDataKey": "CopyProjectVersion needs it on the request's key, SQS on the stack's",
    "kms:Decrypt": "CopyProjectVersion needs it on the request's key, DynamoDB and Lambda's reading of the queue on the stack's",
    "sqs:ReceiveMessage": "Lambda reads the queue with the function's role",
    "sqs:DeleteMessage": "Lambda reads the queue with the function's role",
    "sqs:GetQueueAttributes": "Lambda reads the queue with the function's role",
    "sqs:SendMessage": "Lambda keeps a failed asynchronous invocation with the function's role",
    "logs:CreateLogStream": "Lambda writes the log with the function's role",
    "logs:PutLogEvents": "Lambda writes the log with the function's role",
}


def roles(variables):
    """The statements of each role in a deployment with these variables, by the sessions that the sandbox knows."""
    given = {name: variables[variable] for variable, name in PARAMETERS.items() if variable in variables}
    copier = Stack("template.yaml", DESTINATION, COPIER | {"SourceProjects": SOURCES, "SourceAccountRoles": ""} | given)
    return {
        f"arn:aws:sts::{DESTINATION}:assumed-role/start-copy/": ("start-copy", copier.role("StartCopyRole")),
        f"arn:aws:sts::{DESTINATION}:assumed-role/check-copies/": ("check-copies", copier.role("CheckCopiesRole")),
        f"arn:aws:sts::{SOURCE}:assumed-role/model-copier-policies/": ("the source account's role", COMPANIONS_ROLE),
    }


def condition_keys(action, published):
    """What the policies' conditions look at, for each way the action was used: only PutEvents has any."""
    if action != "events:PutEvents":
        return [{}]
    spoken = {(event["source"], event["detail-type"]) for event in published if event["account"] == DESTINATION}
    return [{"events_source": source, "events_detail__type": detail_type} for source, detail_type in spoken]


def hold(recording, may, used):
    """What is wrong with a recording's calls. Adds what each role may do and what it did."""
    sessions = roles(recording["variables"])
    table = f"table/{recording['variables']['LEDGER_TABLE']}"
    may.update((name, action) for name, role in sessions.values() for s in role for action in listed(s["Action"]))
    for call in recording["calls"]:
        # An account's root user is the test itself.
        if ":assumed-role/" not in call["caller"]:
            continue
        session = next((session for session in sessions if call["caller"].startswith(session)), None)
        if session is None:
            yield f"`{call['caller']}` called `{call['action']}`: no template has that role"
            continue
        name, role = sessions[session]
        action = call["action"]
        used.add((name, action))
        if not call["resources"]:
            yield f"{name} called `{action}` on no resource: there is nothing to hold against its role"
        for resource in call["resources"]:
            resource = resource.replace(table, "table/Ledger")
            for keys in condition_keys(action, recording["published"]):
                if not allowed(role, action, resource, **keys):
                    yield f"{name} called `{action}` on `{resource}`: its role does not allow that {keys or ''}"


def unexplained(may, used):
    """What is wrong with what the roles allow."""
    for name, action in sorted(may - used):
        if action not in EXPLAINED:
            yield f"{name} may call `{action}` and never did in the tests: take it from the role, or explain it"
    for action in sorted(EXPLAINED.keys() - {action for _, action in may - used}):
        yield f"`{action}` is explained, but used or not allowed: take it from the explanations"


if __name__ == "__main__":
    recordings = [json.loads(path.read_text()) for path in Path(sys.argv[1]).glob("*.json")]
    assert recordings, f"nothing was recorded in {sys.argv[1]}"
    may, used = set(), set()
    problems = {problem for recording in recordings for problem in hold(recording, may, used)}
    problems.update(unexplained(may, used))
    for problem in sorted(problems):
        print(problem)
    seen, unseen = f"{len(used)} permissions used", f"{len(may - used)} not"
    print(f"{len(recordings)} recordings: {seen}, {unseen}; {len(problems)} problems")
    sys.exit(bool(problems))
