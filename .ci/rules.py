"""Which parameters template.yaml refuses: its Rules, each shown on parameters that keep it and on some that break it."""

from facts import check
from iam import Stack

SOURCE, DESTINATION = "111122223333", "444455556666"
PROJECTS = [f"arn:aws:rekognition:us-east-1:{SOURCE}:project/flowers/*"]
ROLE = [f"arn:aws:iam::{SOURCE}:role/source-GrantRole-EXAMPLE"]
EXTERNAL_ID = "6f1d0c5e-8a0b-4a52-9c3e-2b7d41f866a9"


def says(region="us-east-1", **parameters):
    stack = Stack("template.yaml", DESTINATION, {"OutputBuckets": ["flowers-production-models"], **parameters})
    stack.values["AWS::Region"] = region
    return " ".join(stack.broken_rules())


def nothing_is_wrong_with_the_least_parameters():
    assert says() == ""


def only_regions_with_custom_labels_are_taken():
    assert says(region="ap-northeast-2") == ""
    assert "Region" in says(region="eu-north-1")


def accounts_need_their_projects():
    assert "SourceProjects" in says(AllowedSourceAccounts=[SOURCE])
    assert says(AllowedSourceAccounts=[SOURCE], SourceProjects=PROJECTS) == ""
    assert says(SourceProjects=PROJECTS) == "", "of the own account"
    assert says(AllowedSourceAccounts=[], SourceProjects=[]) == "", "no member is no account"


def roles_need_their_external_id():
    assert "ExternalId" in says(SourceAccountRoles=ROLE)
    assert "ExternalId" in says(SourceAccountRoles=ROLE, ExternalId="")
    assert says(SourceAccountRoles=ROLE, ExternalId=EXTERNAL_ID) == ""
    assert says(ExternalId=EXTERNAL_ID) == "", "before there is a role, as docs/cross-account.md begins"


def every_rule_is_shown_here():
    """A rule that is added, or an assertion in it, needs a fact of its own."""
    rules = Stack("template.yaml", DESTINATION, {}).rules
    assert {name: len(rule["Assertions"]) for name, rule in rules.items()} == {
        "CustomLabelsRegion": 1,
        "SourceProjectsOfNamedAccounts": 1,
        "ExternalIdOfRoles": 1,
    }


check([
    nothing_is_wrong_with_the_least_parameters,
    only_regions_with_custom_labels_are_taken,
    accounts_need_their_projects,
    roles_need_their_external_id,
    every_rule_is_shown_here,
])
