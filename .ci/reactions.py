"""What examples/notify and examples/start-model do with the announcements in events/: their rules, and their workflows' calls
as Step Functions would make them. The mail, the channel and the model itself take an account.
"""

import json

from botocore.session import Session
from botocore.validate import ParamValidator
from eventbridge import matches
from facts import check
from iam import ROOT, Stack
from policies import DESTINATION, notify, start_model
from states import evaluate, substituted

ANNOUNCEMENTS = {
    event["detail"]["status"]: event
    for event in (json.loads(file.read_text()) for file in (ROOT / "events/announcements").glob("*.json"))
}
BAD = {"FAILED", "TIMED_OUT", "REJECTED"}


def call(stack, event):
    """The workflow's first state for an event, and the arguments of its call, which AWS's own model of the service takes."""
    properties = stack.properties("Workflow")
    definition = substituted(properties["Definition"], properties["DefinitionSubstitutions"])
    state = definition["States"][definition["StartAt"]]
    service, action = state["Resource"].split(":")[-2:]
    arguments = evaluate(state["Arguments"], {"input": event})
    model = Session().get_service_model(service).operation_model(action[0].upper() + action[1:])
    report = ParamValidator().validate(arguments, model.input_shape)
    assert not report.has_errors(), report.generate_report()
    return state, arguments


def told(stack, rule):
    pattern = stack.properties(rule)["EventPattern"]
    stranger = [{**event, "source": "somebody.else"} for event in ANNOUNCEMENTS.values()]
    assert not any(matches(pattern, event) for event in stranger)
    return {status for status, event in ANNOUNCEMENTS.items() if matches(pattern, event)}


def people_are_told_of_bad_ends_and_of_good_ones_if_wanted():
    assert told(notify, "Ended") == BAD | {"COMPLETED"}
    assert told(Stack("examples/notify/template.yaml", DESTINATION, {}), "Ended") == BAD


def mail_is_text_and_chat_is_a_notification():
    awkward = json.loads(json.dumps(ANNOUNCEMENTS["REJECTED"]))
    awkward["detail"] |= {"versionName": '"a"\nfl\u00f6wer' + "s" * 100, "failure": {"code": "InvalidRequest", "message": 'no "x"\n'}}
    del awkward["detail"]["sourceProjectVersionArn"]
    nameless = {"detail": {"status": "REJECTED", "requestId": "r", "failure": {"code": "InvalidRequest", "message": "no JSON"}}}
    for event in (*(ANNOUNCEMENTS[status] for status in (*BAD, "COMPLETED")), awkward, nameless):
        detail = event["detail"]
        _, arguments = call(notify, event)
        assert arguments["Subject"].startswith(f"{detail['status']}: copy of "), arguments
        assert len(arguments["Subject"]) < 100 and arguments["Subject"].isascii() and arguments["Subject"].isprintable()
        message = json.loads(arguments["Message"])
        chat = json.loads(message["default"])
        assert (chat["version"], chat["source"], chat["metadata"]["threadId"]) == ("1.0", "custom", detail["requestId"])
        assert chat["content"]["description"] == message["email"]
        assert f"request {detail['requestId']} " in message["email"] and "To  " not in message["email"], message
        failure = detail.get("failure", {})
        assert all(text in message["email"] for text in failure.values()), message
        assert ("What to do" in message["email"]) == ("remedy" in failure), message


def a_completed_copy_in_the_named_project_is_started():
    assert told(start_model, "Completed") == {"COMPLETED"}
    elsewhere = json.loads(json.dumps(ANNOUNCEMENTS["COMPLETED"]).replace("/flowers-production/", "/flowers-production2/"))
    assert not matches(start_model.properties("Completed")["EventPattern"], elsewhere)
    detail = ANNOUNCEMENTS["COMPLETED"]["detail"]
    for units in (1, 3):
        stack = Stack("examples/start-model/template.yaml", DESTINATION, {"ProjectName": "x", "InferenceUnits": units})
        _, arguments = call(stack, ANNOUNCEMENTS["COMPLETED"])
        assert arguments == {"ProjectVersionArn": detail["projectVersionArn"], "MinInferenceUnits": units}, arguments


def a_model_that_was_started_before_is_no_failure():
    state, _ = call(start_model, ANNOUNCEMENTS["COMPLETED"])
    final, others = state["Retry"]
    assert final["MaxAttempts"] == 0 and others == {**others, "ErrorEquals": ["States.ALL"]}
    (caught,) = state["Catch"]
    assert set(caught["ErrorEquals"]) == {"Rekognition.ResourceInUseException"} <= set(final["ErrorEquals"])
    operation = Session().get_service_model("rekognition").operation_model("StartProjectVersion")
    known = {f"Rekognition.{shape.name}" for shape in operation.error_shapes}
    assert set(final["ErrorEquals"]) <= known, known


check([
    people_are_told_of_bad_ends_and_of_good_ones_if_wanted,
    mail_is_text_and_chat_is_a_notification,
    a_completed_copy_in_the_named_project_is_started,
    a_model_that_was_started_before_is_no_failure,
])
