"""What fits: the templates' own size, and with the longest lists that template.yaml takes, the variables of a function, each
policy of its roles and the policies of queue and bus.
"""

import json
import re

from facts import check
from iam import REGION, ROOT, Stack
from samcli.yamlhelper import yaml_dump, yaml_parse

DESTINATION = "444455556666"
# The most that a stack's name has beside `-check-copies`, and what CloudFormation adds to a name that it generates.
STACK_NAME, ADDED = "s" * 51, "-1ABCDEFGHIJKL"
# The shortest entry of each list: many short ones take more of a policy than few long ones.
SHORTEST = {
    "OutputBuckets": "abc",
    "DestinationProjects": f"arn:aws:rekognition:{REGION}:{DESTINATION}:project/*",
    "AllowedSourceAccounts": DESTINATION,
    "SourceProjects": f"arn:aws:rekognition:{REGION}:{DESTINATION}:project/*",
    "ModelKeys": f"arn:aws:kms:{REGION}:{DESTINATION}:key/{'1' * 36}",
    "AllowedTagKeys": "a",
    "RequesterAccounts": DESTINATION,
    "TrustedRequesters": DESTINATION,
    "DirectSenders": f"arn:aws:iam::{DESTINATION}:role/a",
    "SourceAccountRoles": f"arn:aws:iam::{DESTINATION}:role/a",
}
REST = {
    "EventBusName": "b" * 44,
    "EventSource": "s" * 48,
    "ExternalId": "e" * 40,
    "RequesterOrganization": f"o-{'a' * 32}",
    "EncryptionKeyArn": SHORTEST["ModelKeys"],
}


def longest():
    """The template with every list as long as it may be."""
    parameters = yaml_parse((ROOT / "template.yaml").read_text())["Parameters"]
    assert SHORTEST.keys() == {name for name, p in parameters.items() if "(," in p.get("AllowedPattern", "") or "|,)" in p.get("AllowedPattern", "")}
    lists = {}
    for name, entry in SHORTEST.items():
        most = 1
        while re.fullmatch(parameters[name]["AllowedPattern"], ",".join([entry] * most)) and len(",".join([entry] * most)) <= parameters[name].get("MaxLength", 4096):
            most += 1
        lists[name] = ",".join([entry] * (most - 1))
    stack = Stack("template.yaml", DESTINATION, lists | REST)
    stack.values["AWS::StackName"] = STACK_NAME
    assert not list(stack.refusals())
    return stack


def characters(document):
    """As IAM counts them: without white space."""
    return len(re.sub(r"\s", "", json.dumps(document)))


def the_templates_can_be_passed_inline():
    """CloudFormation takes 51,200 bytes; a kilobyte is left for what packaging adds."""
    for path in ROOT.glob("**/*.yaml"):
        text = path.read_text()
        if "AWSTemplateFormatVersion" in text and "target" not in path.relative_to(ROOT).parts:
            assert len(text.encode()) < 50_000 and len(yaml_dump(yaml_parse(text)).encode()) < 50_000, path


def the_variables_of_a_function_fit_into_4_kilobytes():
    stack = longest()
    variables = stack.render(stack.globals["Function"]["Environment"]["Variables"])
    # Lists that may be shorter in characters with few long entries are counted with their MaxLength.
    for variable, name in (("ALLOWED_OUTPUT_BUCKETS", "OutputBuckets"), ("SOURCE_ACCOUNT_ROLES", "SourceAccountRoles"), ("ALLOWED_TAG_KEYS", "AllowedTagKeys")):
        variables[variable] = "x" * stack.parameters[name]["MaxLength"]
    variables["LEDGER_TABLE"] = f"{STACK_NAME}-Ledger{ADDED}"
    variables["REQUEST_QUEUE_ARN"] = f"arn:aws:sqs:ap-southeast-1:{DESTINATION}:{STACK_NAME}-requests"
    role = f"arn:aws:iam::{DESTINATION}:role/{'r' * 64}"
    variables["COPIER_ROLE_ARNS"] = f"{role},{role}"
    size = len(json.dumps(variables, separators=(",", ":")))
    assert size <= 4096, size


def each_policy_fits():
    stack = longest()
    for name, most in (("CopyPolicy", 6144), ("SourcePolicy", 6144), ("RequestQueuePolicy", 8192), ("DeadLetterQueuePolicy", 8192)):
        size = characters(stack.properties(name)["PolicyDocument"])
        # Queues' policies are counted with white space, which CloudFormation writes none of.
        assert size <= most - 100, (name, size)
    # EventBridge keeps an account as the ARN of its root, and all statements of a bus in 10,240 bytes.
    statements = [stack.properties(name)["Statement"] for name in ("RequestsFromAccounts", "RequestsFromOrganization")]
    size = characters(statements) + len("arn:aws:iam:::root") * len(statements[0]["Principal"]["AWS"])
    assert size <= 10_240, size


def a_queues_policy_keeps_to_the_limits_of_sqs():
    """20 statements, 50 principals, 10 conditions, 7 actions in a statement."""
    for stack in (longest(),):
        for name in ("RequestQueuePolicy", "DeadLetterQueuePolicy"):
            statements = stack.properties(name)["PolicyDocument"]["Statement"]
            conditions = [key for s in statements for block in s.get("Condition", {}).values() for key in block]
            assert len(statements) <= 20 and len(conditions) <= 10, (name, conditions)


if __name__ == "__main__":
    check([
        the_templates_can_be_passed_inline,
        the_variables_of_a_function_fit_into_4_kilobytes,
        each_policy_fits,
        a_queues_policy_keeps_to_the_limits_of_sqs,
    ])
