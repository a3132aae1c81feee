"""Prints a template in a form that MiniStack can deploy. `local_template.py TEMPLATE`.

It leaves out policies of event buses and expressions of alarms, because MiniStack's CloudFormation does not know them, and the
metadata for the Serverless Application Repository.
"""

import sys
from pathlib import Path

from samcli.yamlhelper import yaml_dump, yaml_parse

template = yaml_parse(Path(sys.argv[1]).read_text())
template["Metadata"] = {}
template["Resources"] = {
    name: resource for name, resource in template["Resources"].items() if resource["Type"] != "AWS::Events::EventBusPolicy"
}
for resource in template["Resources"].values():
    if expression := resource.get("Properties", {}).get("Metrics"):
        metric = next(query["MetricStat"] for query in expression if "MetricStat" in query)
        del resource["Properties"]["Metrics"]
        resource["Properties"] |= {**metric["Metric"], "Statistic": metric["Stat"], "Period": metric["Period"]}
print(yaml_dump(template))
