"""The template, the code and the documents use the same names: variables, programs, metrics, event types, index, alarms.

Reads the code as text, so that a name counts as the code's only where the code spells it out.
"""

import json
import re

from iam import ROOT, Stack

stack = Stack("template.yaml", "444455556666", {"OutputBuckets": ["flowers-production-models"]})
template = (ROOT / "template.yaml").read_text()
resources = {name: stack.properties(name) for name in stack.resources}
alarms = {name: resources[name] for name, r in stack.resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
NAMESPACE = "RekognitionModelCopier"


def code(path):
    return (ROOT / "src" / path).read_text()


def words(pattern, text):
    found = set(re.findall(pattern, text))
    assert found, f"nothing looks like {pattern}: has the code changed its form?"
    return found


def dashboard_metrics():
    """Every metric of ours on the dashboard, with its dimensions."""
    for widget in json.loads(resources["Dashboard"]["DashboardBody"])["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            if metric[0] == NAMESPACE:
                names = [part for part in metric[1:] if isinstance(part, str)]
                yield names[0], dict(zip(names[1::2], names[2::2]))


def every_variable_that_is_read_is_set_and_every_one_set_is_read():
    (block,) = re.findall(r"VARIABLES: \[&str; \d+\] = \[(.*?)\];", code("settings.rs"), re.DOTALL)
    (variables,) = re.findall(r"Variables:\n((?: {8}.*\n)+)", template)
    assert words(r'"([A-Z_]+)"', block) == words(r"(?m)^ {8}([A-Z_]+):", variables)


def each_function_is_a_program_and_each_program_a_function():
    built = {r["Metadata"]["BuildProperties"]["Binary"] for r in stack.resources.values() if "BuildMethod" in r.get("Metadata", {})}
    assert built == {path.stem for path in (ROOT / "src/bin").glob("*.rs")}


def every_metric_is_shown_and_every_shown_one_is_written():
    text = code("telemetry.rs")
    written = words(r'(?:counter|gauge|histogram)!\("(\w+)"', text)
    assert written == {name for name, _ in dashboard_metrics()}
    assert {alarm["MetricName"] for alarm in alarms.values() if alarm["Namespace"] == NAMESPACE} <= written
    assert f'NAMESPACE: &str = "{NAMESPACE}"' in text


def every_metric_has_the_dimensions_that_the_code_gives_it():
    service = {"Service": "rekognition.model-copier"}
    reasons = words(r'Self::\w+ => "(\w+)"', code("domain/record.rs").split("enum WaitReason")[1].split("\n/// ")[0])
    shown = {name: [d for other, d in dashboard_metrics() if other == name] for name, _ in dashboard_metrics()}
    waiting = shown.pop("Waiting")
    assert waiting == [{**service, "Reason": d["Reason"]} for d in waiting] and {d["Reason"] for d in waiting} == reasons
    assert all(dimensions == service for ones in shown.values() for dimensions in ones), shown
    for alarm in alarms.values():
        if alarm["Namespace"] == NAMESPACE:
            assert alarm["Dimensions"] == [{"Name": "Service", "Value": service["Service"]}], alarm


def event_types_are_those_of_the_code():
    (requested,) = words(r'DETAIL_TYPE: &str = "(.*)"', code("domain/envelope.rs"))
    (changed,) = words(r'DETAIL_TYPE: &str = "(.*)"', code("domain/announcement.rs"))
    assert resources["RequestRule"]["EventPattern"]["detail-type"] == [requested]
    assert words(r"(?:detail-type: \[?|put )(Rekognition Model Copy [A-Za-z ]+)", template) == {requested, changed}


def the_index_holds_all_that_is_read_from_it():
    (index,) = resources["Ledger"]["GlobalSecondaryIndexes"]
    held = {"id"} | {key["AttributeName"] for key in index["KeySchema"]} | set(index["Projection"]["NonKeyAttributes"])
    entry = code("aws/ledger.rs").split("fn entry(")[1].split("\n}")[0]
    assert words(r'item, "(\w+)"', entry) <= held
    assert f'INDEX: &str = "{index["IndexName"]}"' in code("aws/ledger.rs")


def a_message_is_hidden_six_times_as_long_as_a_function_may_run():
    assert resources["RequestQueue"]["VisibilityTimeout"] >= 6 * resources["StartCopy"]["Timeout"]
    assert resources["CheckSchedule"]["Targets"][0]["RetryPolicy"]["MaximumRetryAttempts"] == 0


def every_alarm_has_its_section():
    text = template + (ROOT / "source-account.yaml").read_text()
    named = words(r'See docs/operate.md, "([a-z-]+)"', text)
    assert named == words(r"(?m)^### ([a-z]+(?:-[a-z]+)*)$", (ROOT / "docs/operate.md").read_text().split("## Requests")[0])


facts = [
    every_variable_that_is_read_is_set_and_every_one_set_is_read,
    each_function_is_a_program_and_each_program_a_function,
    every_metric_is_shown_and_every_shown_one_is_written,
    every_metric_has_the_dimensions_that_the_code_gives_it,
    event_types_are_those_of_the_code,
    the_index_holds_all_that_is_read_from_it,
    a_message_is_hidden_six_times_as_long_as_a_function_may_run,
    every_alarm_has_its_section,
]
for fact in facts:
    fact()
    print(f"ok: {fact.__name__}")
print(f"{len(facts)} passed, 0 failed")
