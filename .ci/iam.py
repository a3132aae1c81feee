"""Reads a template's policies and evaluates them as IAM does: an explicit denial wins, a condition key that is missing is
no match (and is one for a negated operator and for ForAllValues), everything else is refused.

Knows the intrinsic functions and condition operators that our templates use, and fails on any other. IAM itself is not
asked: that takes an account.
"""

import fnmatch
import re
from pathlib import Path

from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).parent.parent
REGION = "us-east-1"
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::StackName": "copier", "AWS::NoValue": None}


class Stack:
    """A template with its parameters filled in. A resource's ARN is what tests can recognise, not what AWS would make."""

    def __init__(self, template, account, given):
        template = yaml_parse((ROOT / template).read_text())
        self.resources, self.conditions = template["Resources"], template.get("Conditions", {})
        self.globals, self.rules = template.get("Globals", {}), template.get("Rules", {})
        self.values = PSEUDO | {"AWS::AccountId": account}
        self.parameters = template["Parameters"]
        for name, parameter in self.parameters.items():
            value = given.get(name, parameter.get("Default"))
            if isinstance(value, list):
                value = ",".join(value)
            value = value if value is None else str(value)
            self.values[name] = value.split(",") if parameter["Type"] == "CommaDelimitedList" else value

    def arn(self, name):
        account = self.values["AWS::AccountId"]
        return {
            "AWS::IAM::Role": f"arn:aws:iam::{account}:role/{name}",
            "AWS::Events::Rule": f"arn:aws:events:{REGION}:{account}:rule/{name}",
            "AWS::Events::EventBus": f"arn:aws:events:{REGION}:{account}:event-bus/{name}",
            "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{account}:{name}",
            "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGION}:{account}:table/{name}",
            "AWS::Serverless::Function": f"arn:aws:lambda:{REGION}:{account}:function:{name}",
            "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{REGION}:{account}:alarm:{name}",
            "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{account}:log-group:{name}:*",
        }[self.resources[name]["Type"]]

    def look_up(self, name):
        if name in self.values:
            return self.values[name]
        return self.arn(name.removesuffix(".Arn")) if name.endswith(".Arn") else name

    def render(self, node):
        """The node without its intrinsic functions; what is NoValue is left out."""
        if isinstance(node, list):
            return [value for value in map(self.render, node) if value is not None]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            function, argument = next(iter(node.items()))
            match function:
                case "Ref":
                    return self.look_up(argument)
                case "Fn::GetAtt":
                    return self.look_up(".".join(argument))
                case "Fn::If":
                    return self.render(argument[1 if self.render(self.conditions[argument[0]]) else 2])
                case "Fn::Equals":
                    return self.render(argument[0]) == self.render(argument[1])
                case "Fn::Not":
                    return not self.render(argument[0])
                case "Fn::And":
                    return all(map(self.render, argument))
                case "Fn::Contains":
                    return self.render(argument[1]) in self.render(argument[0])
                case "Fn::Join":
                    return argument[0].join(self.render(argument[1]))
                case "Fn::Split":
                    return self.render(argument[1]).split(argument[0])
                case "Fn::Select":
                    return self.render(argument[1])[argument[0]]
                case "Fn::Sub":
                    text, names = argument if isinstance(argument, list) else (argument, {})
                    names = self.render(names)
                    return re.sub(r"\$\{([^}]+)\}", lambda m: names[m[1]] if m[1] in names else self.look_up(m[1]), text)
                case _ if function.startswith("Fn::"):
                    raise NotImplementedError(function)
        rendered = {name: self.render(value) for name, value in node.items()}
        return {name: value for name, value in rendered.items() if value is not None}

    def refusals(self):
        """What CloudFormation says to these parameters before it touches anything; empty if they are good."""
        for name, parameter in self.parameters.items():
            value, pattern = self.values[name], parameter.get("AllowedPattern")
            if value is None or len(value) > parameter.get("MaxLength", 4096) or (pattern and not re.fullmatch(pattern, value)):
                yield f"{name}: {parameter.get('ConstraintDescription', 'needs a value')}"
        in_force = [rule for rule in self.rules.values() if self.render(rule.get("RuleCondition", True))]
        assertions = [assertion for rule in in_force for assertion in rule["Assertions"]]
        yield from (each["AssertDescription"] for each in assertions if not self.render(each["Assert"]))

    def properties(self, name):
        return self.render(self.resources[name]["Properties"])

    def role(self, name):
        """All statements of a role, those of its managed policies included."""
        role = self.properties(name)
        documents = [policy["PolicyDocument"] for policy in role["Policies"]]
        documents += [self.properties(policy)["PolicyDocument"] for policy in role.get("ManagedPolicyArns", [])]
        return [statement for document in documents for statement in document["Statement"]]


def listed(value):
    return value if isinstance(value, list) else [value]


def like(patterns, value):
    return any(fnmatch.fnmatchcase(value, pattern) for pattern in listed(patterns))


OPERATORS = {
    "StringEquals": lambda wanted, got: got in listed(wanted),
    "ArnEquals": like,
    "ArnLike": like,
    "Bool": lambda wanted, got: got in listed(wanted),
}


def holds(operator, wanted, got):
    if operator.startswith("ForAllValues:"):
        return all(holds(operator.removeprefix("ForAllValues:"), wanted, each) for each in got or [])
    if "Not" in operator:
        return got is None or not OPERATORS[operator.replace("Not", "")](wanted, got)
    return got is not None and OPERATORS[operator](wanted, got)


def is_principal(principal, caller):
    if principal == "*":
        return True
    if "service" in caller:
        return caller["service"] in listed(principal.get("Service"))
    return not {caller["account"], f"arn:aws:iam::{caller['account']}:root"}.isdisjoint(listed(principal.get("AWS")))


def allowed(statements, action, resource, caller=None, **keys):
    """Whether the statements let `caller` (for resource policies) do it; `keys` are condition keys, `aws_SourceArn`."""
    keys = {name.replace("__", "-").replace("_", ":", 1): value for name, value in keys.items()}
    effects = {
        statement["Effect"]
        for statement in statements
        if like(statement["Action"], action)
        and like(statement.get("Resource", resource), resource)
        and (caller is None or is_principal(statement["Principal"], caller))
        and all(
            holds(operator, wanted, keys.get(key))
            for operator, block in statement.get("Condition", {}).items()
            for key, wanted in block.items()
        )
    }
    return effects == {"Allow"}
