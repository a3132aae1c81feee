"""The template, the code and the documents use the same names: variables, programs, metrics, event types, index, alarms.

Reads the code as text, so that a name counts as the code's only where the code spells it out.
"""

import json
import re

from facts import check
from iam import ROOT, Stack

stack = Stack("template.yaml", "444455556666", {"OutputBuckets": ["flowers-production-models"]})
template = (ROOT / "template.yaml").read_text()
resources = {name: stack.properties(name) for name in stack.resources}
functions = stack.globals["Function"]
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


def watched():
    """Every metric that an alarm looks at: by itself, or in an expression."""
    for alarm in alarms.values():
        yield from [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query] or [alarm]


def every_variable_that_is_read_is_set_and_every_one_set_is_read():
    (block,) = re.findall(r"VARIABLES: \[&str; \d+\] = \[(.*?)\];", code("settings.rs"), re.DOTALL)
    (variables,) = re.findall(r"Variables:\n((?: {8}.*\n)+)", template)
    assert words(r'"([A-Z_]+)"', block) == words(r"(?m)^ {8}([A-Z_]+):", variables)


def every_other_variable_is_lambdas_or_the_sdks():
    text = "".join(path.read_text() for path in (ROOT / "src").rglob("*.rs"))
    read = words(r'\b(?:var|set|get)\("(\w+_\w+)"\)', text) - words(r"(?m)^ {8}([A-Z_]+):", template)
    assert all(re.match("AWS_|_X_AMZN_|SSL_CERT_", name) for name in read), read


def each_function_is_a_program_and_each_program_a_function():
    built = {r["Metadata"]["BuildProperties"]["Binary"] for r in stack.resources.values() if "BuildMethod" in r.get("Metadata", {})}
    assert built == {path.stem for path in (ROOT / "src/bin").glob("*.rs")}


def every_metric_is_shown_and_every_shown_one_is_written():
    text = code("telemetry.rs")
    written = words(r'(?:counter|gauge|histogram)!\("(\w+)"', text)
    assert written == {name for name, _ in dashboard_metrics()}
    assert {metric["MetricName"] for metric in watched() if metric["Namespace"] == NAMESPACE} <= written
    assert f'NAMESPACE: &str = "{NAMESPACE}"' in text


def every_metric_has_the_dimensions_that_the_code_gives_it():
    service = {"Service": "rekognition.model-copier"}
    reasons = words(r'Self::\w+ => "(\w+)"', code("domain/record.rs").split("enum WaitReason")[1].split("\n/// ")[0])
    shown = {name: [d for other, d in dashboard_metrics() if other == name] for name, _ in dashboard_metrics()}
    waiting = shown.pop("Waiting")
    assert waiting == [{**service, "Reason": d["Reason"]} for d in waiting] and {d["Reason"] for d in waiting} == reasons
    assert all(dimensions == service for ones in shown.values() for dimensions in ones), shown
    for metric in watched():
        if metric["Namespace"] == NAMESPACE:
            assert metric["Dimensions"] == [{"Name": "Service", "Value": service["Service"]}], metric


def every_expression_is_over_the_metrics_beside_it():
    for alarm in alarms.values():
        queries = alarm.get("Metrics", [])
        ids = {query["Id"] for query in queries if "MetricStat" in query}
        shown = [query for query in queries if query.get("ReturnData", True)]
        assert [set(re.findall(r"\b[a-z]\w*", query["Expression"])) for query in shown] == [ids] * bool(queries), alarm


def lost_requests_are_those_of_our_rule_on_every_bus():
    for bus, ref, others in (("default", "rule", {}), ("models/all", "models/all|rule", {"EventBusName": "models/all"})):
        copier = Stack("template.yaml", "444455556666", {"OutputBuckets": ["flowers-production-models"], "EventBusName": bus})
        copier.values["RequestRule"] = ref
        dimensions = copier.properties("RequestsLost")["Dimensions"]
        assert {d["Name"]: d["Value"] for d in dimensions} == {"RuleName": "rule", **others}, dimensions


def event_types_are_those_of_the_code():
    (requested,) = words(r'DETAIL_TYPE: &str = "(.*)"', code("domain/envelope.rs"))
    (changed,) = words(r'DETAIL_TYPE: &str = "(.*)"', code("domain/announcement.rs"))
    assert resources["RequestRule"]["EventPattern"]["detail-type"] == [requested]
    assert words(r"(?:detail-type: \[?|put )(Rekognition Model Copy [A-Za-z ]+)", template) == {requested, changed}


def keys(schema):
    return [(key["AttributeName"], key["KeyType"]) for key in schema["KeySchema"]]


def the_index_holds_all_that_is_read_from_it():
    (index,) = resources["Ledger"]["GlobalSecondaryIndexes"]
    held = {"id"} | {name for name, _ in keys(index)} | set(index["Projection"]["NonKeyAttributes"])
    entry = code("aws/ledger/item.rs").split("fn entry(")[1].split("\n}")[0]
    assert words(r'item, "(\w+)"', entry) <= held
    assert f'INDEX: &str = "{index["IndexName"]}"' in code("aws/ledger.rs")


def the_keys_are_what_the_code_reads_by_and_writes():
    ledger, item = code("aws/ledger.rs"), code("aws/ledger/item.rs")
    (index,) = resources["Ledger"]["GlobalSecondaryIndexes"]
    assert keys(resources["Ledger"]) == [(name, "HASH") for name in words(r'\.key\("(\w+)"', ledger)]
    (condition,) = words(r'key_condition_expression\("(.*)"\)', ledger)
    assert condition == "#{} = :step AND #{} <= :until".format(*(name for name, _ in keys(index)))
    types = {"text": "S", "number": "N", "grants_id": "S"}
    pairs = re.findall(r'"(\w+)"\.into\(\), (text|number|grants_id)\(', item)
    written = {(name, types[function]) for name, function in pairs}
    defined = {(d["AttributeName"], d["AttributeType"]) for d in resources["Ledger"]["AttributeDefinitions"]}
    assert defined <= written, defined - written
    assert (resources["Ledger"]["TimeToLiveSpecification"]["AttributeName"], "N") in written


def the_sandboxs_ledger_is_the_templates():
    text = (ROOT / "crates/sandbox/src/ledger.rs").read_text()
    definition = text.split("json!(")[1].split(");")[0].replace('"TableName": name', '"TableName": "name"')
    table = json.loads(re.sub(r",(\s*[\]}])", r"\1", definition))
    for part in ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"):
        assert table[part] == resources["Ledger"][part], part
    assert f'Some("{resources["Ledger"]["TimeToLiveSpecification"]["AttributeName"]}"' in text


def the_sandbox_deploys_as_the_template_does():
    text = (ROOT / "crates/sandbox/src/deployment/settings.rs").read_text()
    batch = resources["StartCopy"]["Events"]["Requests"]["Properties"]
    for name, value in (
        ("start_timeout", resources["StartCopy"]["Timeout"]),
        ("check_timeout", resources["CheckCopies"]["Timeout"]),
        ("visibility_timeout", resources["RequestQueue"]["VisibilityTimeout"]),
        ("max_receive_count", resources["RequestQueue"]["RedrivePolicy"]["maxReceiveCount"]),
        ("batch_size", batch["BatchSize"]),
        ("memory_mb", functions["MemorySize"]),
    ):
        assert words(rf"{name}: (?:Duration::from_secs\()?(\d+)", text) == {str(value)}, name


def what_is_left_out_is_the_same_with_and_without_the_template():
    text = code("settings.rs")
    assert stack.values["EventSource"] == re.search(r'"EVENT_SOURCE",\s+Some\("(.*)"\)', text)[1]
    assert stack.values["EventBusName"] == re.search(r'"EVENT_BUS",\s+Some\("(.*?)"\)', text)[1]
    defaults = dict(re.findall(r'(?:seconds|number)\("([A-Z_]+)", ([\w *]+)', text))
    assert len(defaults) == 6, defaults
    for variable, default in defaults.items():
        (parameter,) = words(rf"{variable}: !Ref (\w+)", template)
        assert int(stack.values[parameter]) == eval(default, {"day": 24 * 3600}), variable


def the_applications_version_is_the_programs():
    (version,) = words(r'(?m)^version = "(.*)"', (ROOT / "Cargo.toml").read_text())
    assert words(r"SemanticVersion: (.*)", template) == {version}


def the_functions_are_what_cargo_lambda_builds():
    assert (functions["Handler"], functions["Runtime"]) == ("bootstrap", "provided.al2023")


def a_message_is_hidden_six_times_as_long_as_a_function_may_run():
    assert resources["RequestQueue"]["VisibilityTimeout"] >= 6 * resources["StartCopy"]["Timeout"]
    assert resources["CheckSchedule"]["Targets"][0]["RetryPolicy"]["MaximumRetryAttempts"] == 0


def every_alarm_has_its_section():
    text = template + (ROOT / "source-account.yaml").read_text()
    named = words(r'See docs/operate.md, "([a-z-]+)"', text)
    assert named == words(r"(?m)^### ([a-z]+(?:-[a-z]+)*)$", (ROOT / "docs/operate.md").read_text().split("## Requests")[0])


check([
    every_variable_that_is_read_is_set_and_every_one_set_is_read,
    every_other_variable_is_lambdas_or_the_sdks,
    each_function_is_a_program_and_each_program_a_function,
    every_metric_is_shown_and_every_shown_one_is_written,
    every_metric_has_the_dimensions_that_the_code_gives_it,
    every_expression_is_over_the_metrics_beside_it,
    lost_requests_are_those_of_our_rule_on_every_bus,
    event_types_are_those_of_the_code,
    the_index_holds_all_that_is_read_from_it,
    the_keys_are_what_the_code_reads_by_and_writes,
    the_sandboxs_ledger_is_the_templates,
    the_sandbox_deploys_as_the_template_does,
    what_is_left_out_is_the_same_with_and_without_the_template,
    the_applications_version_is_the_programs,
    the_functions_are_what_cargo_lambda_builds,
    a_message_is_hidden_six_times_as_long_as_a_function_may_run,
    every_alarm_has_its_section,
])
