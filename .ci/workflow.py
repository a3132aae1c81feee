"""Evaluates the JSONata expressions and the event pattern of examples/step-functions on the files in events/.

What it checks: the request that the workflow publishes is the input plus correlation id and token; every announcement
about it that ends a copy matches the rule, and only those; the waker answers the right token, once, with success or
failure as the announcement says. What it can't check is Step Functions itself.
"""

import json

from eventbridge import matches
from facts import check
from iam import ROOT
from samcli.yamlhelper import yaml_parse
from states import evaluate

EVENTS = ROOT / "events"
ENDED = {"COMPLETED", "FAILED", "TIMED_OUT", "REJECTED"}
CONTEXT = {
    "Execution": {"Name": "release-2026-11-02"},
    "StateMachine": {"Id": "arn:aws:states:us-east-1:444455556666:stateMachine:CopyModel-EXAMPLE"},
    "Task": {"Token": "AQCEAAAAKgAAAAMAAAAAAAAAAU+/EXAMPLE=="},
}
REFERENCES = {"CopierEventSource": "rekognition.model-copier", "CopyModel": CONTEXT["StateMachine"]["Id"]}

resources = yaml_parse((ROOT / "examples/step-functions/template.yaml").read_text())["Resources"]


def publish(request):
    """The event that the workflow puts on the bus for this input."""
    state = resources["CopyModel"]["Properties"]["Definition"]["States"]["Request the copy"]
    (entry,) = evaluate(state["Arguments"], {"input": request, "context": CONTEXT})["Entries"]
    assert entry["DetailType"] == "Rekognition Model Copy Requested", entry
    return entry["Detail"]


def wake(event):
    """The waker's last state for this event, and the arguments of its call."""
    definition = resources["Wake"]["Properties"]["Definition"]
    states, name = definition["States"], definition["StartAt"]
    scope = {"input": event, "context": CONTEXT}
    while states[name]["Type"] == "Choice":
        choices = [c["Next"] for c in states[name]["Choices"] if evaluate(c["Condition"], scope) is True]
        name = choices[0] if choices else states[name]["Default"]
    return name, evaluate(states[name]["Arguments"], scope)


def the_request_is_the_input_plus_correlation_and_token():
    for file in ("copy-requested-bare.json", "copy-requested.json"):
        request = json.loads((EVENTS / file).read_text())
        request = request.get("detail", request)
        detail = publish(request)
        assert detail["correlationId"] == "release-2026-11-02", detail
        assert detail["context"]["taskToken"] == CONTEXT["Task"]["Token"], detail
        assert detail["context"].items() >= request.get("context", {}).items(), "the caller's own context is kept"
        assert {**detail, "correlationId": 0, "context": 0} == {**request, "correlationId": 0, "context": 0}, detail


def announcements():
    """Every announcement in events/, as it would be about a request of this workflow."""
    context = publish(json.loads((EVENTS / "copy-requested-bare.json").read_text()))["context"]
    events = [json.loads(file.read_text()) for file in sorted((EVENTS / "announcements").glob("*.json"))]
    assert {event["detail"]["status"] for event in events} > ENDED
    return [{**event, "detail": {**event["detail"], "context": context}} for event in events]


def resolved(node):
    """The template's value with its references filled in."""
    if isinstance(node, dict):
        return REFERENCES[node["Ref"]] if "Ref" in node else {name: resolved(inner) for name, inner in node.items()}
    return [resolved(inner) for inner in node] if isinstance(node, list) else node


def the_rule_matches_ends_of_this_workflows_copies_only():
    pattern = resolved(resources["Announced"]["Properties"]["EventPattern"])
    for event in announcements():
        detail = event["detail"]
        assert matches(pattern, event) == (detail["status"] in ENDED), event
        other = {**event, "detail": {**detail, "context": {**detail["context"], "workflow": "another"}}}
        assert not matches(pattern, other), "another workflow's token is none of ours"
        without = {**event, "detail": {name: value for name, value in detail.items() if name != "context"}}
        assert not matches(pattern, without), without


def the_waker_answers_the_token_as_the_announcement_says():
    for event in announcements():
        detail = event["detail"]
        if detail["status"] not in ENDED:
            continue
        state, arguments = wake(event)
        assert arguments["TaskToken"] == CONTEXT["Task"]["Token"], arguments
        if detail["status"] == "COMPLETED":
            assert state == "Send success" and json.loads(arguments["Output"]) == detail, arguments
        else:
            assert state == "Send failure" and arguments["Error"] == detail["status"], arguments
            assert json.loads(arguments["Cause"]) == detail, arguments


def a_call_that_cannot_succeed_is_not_repeated():
    states = resources["Wake"]["Properties"]["Definition"]["States"]
    calls = [state for state in states.values() if state["Type"] == "Task"]
    assert len(calls) == 2
    for call in calls:
        final, others = call["Retry"]
        assert final["MaxAttempts"] == 0 and others["MaxAttempts"] > 0
        assert others["ErrorEquals"] == ["States.ALL"], "the first retrier that names the error counts"
        (caught,) = call["Catch"]
        assert set(final["ErrorEquals"]) - set(caught["ErrorEquals"]) == {"Sfn.InvalidTokenException"}, "fails, and is logged"
        assert states[caught["Next"]]["Type"] == "Succeed", "a second delivery is no failure"


def the_workflow_waits_for_as_long_as_the_copier_may_take():
    copier = yaml_parse((ROOT / "template.yaml").read_text())["Parameters"]
    start, copy = (copier[name]["Default"] for name in ("StartTimeoutSeconds", "CopyTimeoutSeconds"))
    wait = resources["CopyModel"]["Properties"]["Definition"]["States"]["Request the copy"]["TimeoutSeconds"]
    # The longest in docs/events.md: an answer to the start that was lost, of a project that can't be read.
    assert wait == start + 3 * copy + 3600


check([
    the_request_is_the_input_plus_correlation_and_token,
    the_rule_matches_ends_of_this_workflows_copies_only,
    the_waker_answers_the_token_as_the_announcement_says,
    a_call_that_cannot_succeed_is_not_repeated,
    the_workflow_waits_for_as_long_as_the_copier_may_take,
])
