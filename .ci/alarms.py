"""What the alarms of template.yaml look at, where that takes an evaluation of the template."""

import re

from facts import check
from iam import Stack


def copier(bus="default"):
    return Stack("template.yaml", "444455556666", {"OutputBuckets": ["flowers-production-models"], "EventBusName": bus})


def every_expression_is_over_the_metrics_beside_it():
    stack = copier()
    for name, resource in stack.resources.items():
        if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]:
            queries = stack.properties(name)["Metrics"]
            ids = {query["Id"] for query in queries if "MetricStat" in query}
            (shown,) = [query for query in queries if query.get("ReturnData", True)]
            assert set(re.findall(r"\b[a-z]\w*", shown["Expression"])) == ids, name


def lost_requests_are_those_of_our_rule_on_every_bus():
    for bus, ref, others in (("default", "rule", {}), ("models/all", "models/all|rule", {"EventBusName": "models/all"})):
        stack = copier(bus)
        stack.values["RequestRule"] = ref
        dimensions = stack.properties("RequestsLost")["Dimensions"]
        assert {d["Name"]: d["Value"] for d in dimensions} == {"RuleName": "rule", **others}, dimensions


check([
    every_expression_is_over_the_metrics_beside_it,
    lost_requests_are_those_of_our_rule_on_every_bus,
])
