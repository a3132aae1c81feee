"""Which parameters template.yaml refuses: by its Rules and by the patterns of its lists, each shown on parameters that keep it
and on some that break it.
"""

from facts import check
from iam import Stack

SOURCE, DESTINATION = "111122223333", "444455556666"
PROJECTS = [f"arn:aws:rekognition:us-east-1:{SOURCE}:project/flowers/*"]
ROLE = [f"arn:aws:iam::{SOURCE}:role/source-GrantRole-EXAMPLE"]
EXTERNAL_ID = "6f1d0c5e-8a0b-4a52-9c3e-2b7d41f866a9"


def says(region="us-east-1", **parameters):
    stack = Stack("template.yaml", DESTINATION, {"OutputBuckets": ["flowers-production-models"], **parameters})
    stack.values["AWS::Region"] = region
    return " ".join(stack.refusals())


def nothing_is_wrong_with_the_least_parameters():
    assert says() == ""


def only_regions_with_custom_labels_are_taken():
    assert says(region="ap-northeast-2") == ""
    assert "Region" in says(region="eu-north-1")


def accounts_need_their_projects():
    assert "SourceProjects" in says(AllowedSourceAccounts=[SOURCE])
    assert says(AllowedSourceAccounts=[SOURCE], SourceProjects=PROJECTS) == ""
    assert says(SourceProjects=PROJECTS) == "", "of the own account"


def roles_need_their_external_id():
    assert "ExternalId" in says(SourceAccountRoles=ROLE)
    assert "ExternalId" in says(SourceAccountRoles=ROLE, ExternalId="")
    assert says(SourceAccountRoles=ROLE, ExternalId=EXTERNAL_ID) == ""
    assert says(ExternalId=EXTERNAL_ID) == "", "before there is a role, as docs/cross-account.md begins"


def requesters_need_models_that_they_may_ask_for():
    for requesters in ({"RequesterAccounts": [SOURCE]}, {"RequesterOrganization": "o-exampleorgid"}):
        assert "TrustedRequesters" in says(**requesters)
        assert says(**requesters, TrustedRequesters=[SOURCE]) == ""
        assert says(**requesters, AllowedSourceAccounts=[SOURCE], SourceProjects=PROJECTS) == ""


def more_source_accounts_than_fit_are_refused_in_clear_words():
    accounts = [f"{account:012}" for account in range(31)]
    roles = [f"arn:aws:iam::{account}:role/model-copier-source-GrantRole-1A2B3C4D5E6F" for account in accounts]
    assert "at most 30" in says(AllowedSourceAccounts=accounts, SourceProjects=PROJECTS)
    assert says(AllowedSourceAccounts=accounts[:30], SourceProjects=PROJECTS) == ""
    assert "30 roles" in says(SourceAccountRoles=roles, ExternalId=EXTERNAL_ID)
    assert says(SourceAccountRoles=roles[:30], ExternalId=EXTERNAL_ID) == ""
    assert "at most 10" in says(TrustedRequesters=accounts[:11])


def direct_senders_are_roles_users_and_topics_and_never_a_whole_account():
    arn = f"arn:aws:iam::{DESTINATION}:"
    for good in ("role/operator", "user/anna", "role/aws-reserved/sso.amazonaws.com/*", "role/*-operator"):
        assert says(DirectSenders=[arn + good]) == "", good
    assert says(DirectSenders=[arn + "role/a", f"arn:aws:sns:us-east-1:{DESTINATION}:releases-*"]) == ""
    for bad in ("*", "root", "role/*", "user/*", "role/**", "group/x"):
        assert "DirectSenders" in says(DirectSenders=[arn + bad]), bad
    for bad in (f"arn:aws:sns:us-east-1:{DESTINATION}:*", "arn:aws:sns:us-east-1:*:releases", "arn:aws:iam::*:role/a", "*"):
        assert "DirectSenders" in says(DirectSenders=[bad]), bad


def a_list_has_commas_between_its_entries_and_nothing_else():
    for bad in (f",{ROLE[0]}", f"{ROLE[0]},", f"{ROLE[0]}, {ROLE[0]}", f"{ROLE[0]}{ROLE[0]},,"):
        assert "SourceAccountRoles" in says(SourceAccountRoles=bad, ExternalId=EXTERNAL_ID), bad
    assert "OutputBuckets" in says(OutputBuckets="")


def an_output_bucket_may_have_a_prefix():
    for good in ("models", "models/copies", "models/copies/flowers-2026", "models,other/copies"):
        assert says(OutputBuckets=good) == "", good
    for bad in ("models/", "models/copies/", "models/*", "models/c?", "models/${x}", "/copies", "mo", "models/a b"):
        assert "OutputBuckets" in says(OutputBuckets=bad), bad


def every_rule_is_shown_here():
    """A rule that is added, or an assertion in it, needs a fact of its own."""
    rules = Stack("template.yaml", DESTINATION, {}).rules
    assert {name: len(rule["Assertions"]) for name, rule in rules.items()} == {
        "CustomLabelsRegion": 1,
        "SourceProjectsOfNamedAccounts": 1,
        "ExternalIdOfRoles": 1,
        "ModelsOfRequesters": 1,
    }


check([
    nothing_is_wrong_with_the_least_parameters,
    only_regions_with_custom_labels_are_taken,
    accounts_need_their_projects,
    roles_need_their_external_id,
    requesters_need_models_that_they_may_ask_for,
    more_source_accounts_than_fit_are_refused_in_clear_words,
    direct_senders_are_roles_users_and_topics_and_never_a_whole_account,
    a_list_has_commas_between_its_entries_and_nothing_else,
    an_output_bucket_may_have_a_prefix,
    every_rule_is_shown_here,
])
