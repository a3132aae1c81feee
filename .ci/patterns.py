"""Which events our rules, and the patterns and schemas in docs/events.md, match, shown on the files in events/."""

import json
import re
import subprocess

from eventbridge import matches
from facts import check
from iam import ROOT, Stack
from jsonschema import Draft4Validator

DESTINATION, SOURCE = "444455556666", "111122223333"
ANNOUNCEMENTS = [json.loads(file.read_text()) for file in sorted((ROOT / "events/announcements").glob("*.json"))]
REQUEST = json.loads((ROOT / "events/copy-requested.json").read_text())
CLI = {**REQUEST, "detail": json.loads((ROOT / "events/copy-requested-cli.json").read_text())}


def copier(**parameters):
    return Stack("template.yaml", DESTINATION, {"OutputBuckets": ["flowers-production-models"], **parameters})


def pattern(stack, rule):
    return stack.properties(rule)["EventPattern"]


def elsewhere(request):
    """The request for a destination in another account."""
    return json.loads(json.dumps(request).replace(f"{DESTINATION}:project", "777788889999:project"))


def a_request_reaches_the_queue_and_an_announcement_never_does():
    rule = pattern(copier(), "RequestRule")
    assert matches(rule, REQUEST) and matches(rule, CLI), rule
    assert not any(matches(rule, announcement) for announcement in ANNOUNCEMENTS), rule
    assert not matches(rule, {**REQUEST, "source": "rekognition.model-copier"}), "our own source"
    own = copier(EventSource="another.copier")
    assert not matches(pattern(own, "RequestRule"), {**REQUEST, "source": "another.copier"})


def a_request_for_another_account_reaches_the_queue_and_gets_its_answer():
    for request in (REQUEST, CLI):
        assert matches(pattern(copier(), "RequestRule"), elsewhere(request))


def a_replay_of_an_archive_is_not_a_request():
    rules = [(copier(), "RequestRule"), (companion(), "ForwardingRule"), (hub(), "ToDestination")]
    for stack, rule in rules:
        assert matches(pattern(stack, rule), REQUEST)
        assert not matches(pattern(stack, rule), {**REQUEST, "replay-name": "of-last-week"}), rule


def companion():
    return Stack("source-account.yaml", SOURCE, {
        "DestinationAccount": DESTINATION,
        "CopierRoleArns": [f"arn:aws:iam::{DESTINATION}:role/start"],
        "ExternalId": "6f1d0c5e-8a0b-4a52-9c3e-2b7d41f866a9",
        "ProjectArns": [REQUEST["detail"]["sourceProjectArn"]],
        "DestinationBusArn": f"arn:aws:events:us-east-1:{DESTINATION}:event-bus/default",
    })


def hub():
    return Stack("examples/hub/template.yaml", "555566667777", {
        "Organization": "o-exampleorgid",
        "DestinationAccount": DESTINATION,
        "DestinationBusArn": f"arn:aws:events:us-east-1:{DESTINATION}:event-bus/default",
    })


def a_source_account_forwards_its_own_requests_for_the_copiers_account():
    rule = pattern(companion(), "ForwardingRule")
    for request in (REQUEST, CLI):
        assert matches(rule, request)
        assert not matches(rule, elsewhere(request))
        assert not matches(rule, {**request, "account": "777788889999"}), "what another account sent goes no further"
    assert not any(matches(rule, announcement) for announcement in ANNOUNCEMENTS)


def a_hub_passes_on_requests_for_the_copiers_account_only():
    rule = pattern(hub(), "ToDestination")
    for request in (REQUEST, CLI):
        assert matches(rule, request)
        assert not matches(rule, elsewhere(request))
    assert not any(matches(rule, announcement) for announcement in ANNOUNCEMENTS)


def the_documented_patterns_match_what_they_say():
    text = (ROOT / "docs/events.md").read_text().split("## Patterns")[1].split("\n## ")[0]
    documented = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    found = [[a["detail"]["status"] for a in ANNOUNCEMENTS if matches(pattern, a)] for pattern in documented]
    everyone = sorted(a["detail"]["status"] for a in ANNOUNCEMENTS)
    bad_ends, new_models, *one_requesters, for_a_person = found
    assert sorted(bad_ends) == ["FAILED", "REJECTED", "TIMED_OUT"], bad_ends
    assert new_models == ["COMPLETED"], new_models
    assert len(everyone) == 7 and all(sorted(statuses) == everyone for statuses in one_requesters), one_requesters
    assert for_a_person == ["QUEUED"], for_a_person
    stranger = json.loads(json.dumps(ANNOUNCEMENTS).replace("rekognition.model-copier", "somebody.else"))
    assert not any(matches(pattern, event) for pattern in documented for event in stranger)
    _, one_project, *by_requester, _ = documented
    requesters = {next(iter(pattern["detail"])): pattern for pattern in by_requester}
    others = {
        "requesterAccount": ('"requesterAccount": "111122223333"', '"requesterAccount": "777788889999"'),
        "context": ('"pipeline": "flowers"', '"pipeline": "trees"'),
        "correlationId": ('"correlationId": "pipeline-run-', '"correlationId": "by-hand-'),
    }
    assert len(requesters) == len(by_requester) and requesters.keys() <= others.keys(), requesters.keys()
    for pattern, field, other in (
        (one_project, ":project/flowers-production/", ":project/trees-production/"),
        (one_project, ":project/flowers-production/", ":project/flowers-production2/"),
        *((pattern, *others[field]) for field, pattern in requesters.items()),
    ):
        text = json.dumps(ANNOUNCEMENTS)
        assert field in text, field
        assert not any(matches(pattern, event) for event in json.loads(text.replace(field, other))), other


def the_documented_schemas_for_a_registry_describe_whole_events():
    """EventBridge's registry takes schemas of whole events; docs/events.md makes them of schemas/ with jq."""
    commands = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/events.md").read_text(), re.DOTALL)
    (whole,) = [command for command in commands if "whole() {" in command]
    uses = dict(re.findall(r"\$\((whole (\w+) '[^']+')\)", "".join(commands)))
    assert set(uses.values()) == {"announcement", "request"}, uses
    events = [json.loads(file.read_text()) for file in (ROOT / "events").rglob("*.json")]
    events = [event for event in events if "detail-type" in event]
    for use in uses:
        made = subprocess.run(["bash", "-ec", f"{whole}\n{use}"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        schema = json.loads(made)
        Draft4Validator.check_schema(schema)
        described = [event for event in events if Draft4Validator(schema).is_valid(event)]
        assert described and described == [event for event in events if f"'{event['detail-type']}'" in use], use
        assert not Draft4Validator(schema).is_valid({**described[0], "detail": {}}), "the detail is not looked at"


check([
    a_request_reaches_the_queue_and_an_announcement_never_does,
    a_request_for_another_account_reaches_the_queue_and_gets_its_answer,
    a_replay_of_an_archive_is_not_a_request,
    a_source_account_forwards_its_own_requests_for_the_copiers_account,
    a_hub_passes_on_requests_for_the_copiers_account_only,
    the_documented_patterns_match_what_they_say,
    the_documented_schemas_for_a_registry_describe_whole_events,
])
