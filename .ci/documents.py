"""What the documents refer to is there: files, headings, the tests in the threat table, the questions of `sam deploy --guided`.
And a command that they give works.
"""

import json
import re
import subprocess

from facts import check
from iam import ROOT
from jsonschema import Draft4Validator
from samcli.yamlhelper import yaml_parse

FILES = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
DOCUMENTS = {ROOT / name: re.sub(r"```.*?```", "", (ROOT / name).read_text(), flags=re.DOTALL) for name in FILES}


def anchors(document):
    """The names that GitHub gives to a document's headings."""
    headings = re.findall(r"(?m)^#+ (.*)$", DOCUMENTS[document])
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def every_link_leads_somewhere():
    links = [(document, link) for document, text in DOCUMENTS.items() for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    ours = [(document, link) for document, link in links if not re.match(r"https?://", link)]
    assert len(ours) > 20, "has the form of links changed?"
    for document, link in ours:
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{document.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{document.name}: {link}"


def tests():
    """The names of all tests in Rust, and of the facts in this folder."""
    rust = "".join(path.read_text() for folder in ("src", "tests") for path in (ROOT / folder).rglob("*.rs"))
    python = "".join(path.read_text() for path in (ROOT / ".ci").glob("*.py"))
    marked = re.findall(r"#\[(?:tokio::)?test[^\]]*\]\s+(?:async )?fn (\w+)", rust)
    return {*marked, *re.findall(r"(?m)^def (\w+)\(\):", python)}


def every_threat_names_tests_that_exist():
    section = (ROOT / "docs/cross-account.md").read_text().split("## Who could ask for what")[1]
    rows = re.findall(r"(?m)^\|.*\|$", section)[2:]
    assert len(rows) > 10, "has the table changed its form?"
    there = tests()
    for row in rows:
        named = re.findall(r"`(\w+)`", row.split("|")[-2])
        assert named, f"shown by nothing: {row}"
        assert set(named) <= there, f"no such test: {set(named) - there}"


def the_readme_answers_every_question_of_a_guided_deployment():
    """With what is allowed, and what it is where nothing is answered."""
    table = (ROOT / "README.md").read_text().split("| question | answer |")[1].split("\n\n")[0]
    rows = re.findall(r"(?m)^\|([^|]*)\|(.*)\|$", table)
    answers = {question: answer for questions, answer in rows for question in re.findall(r"`(\w+)`", questions)}
    parameters = yaml_parse((ROOT / "template.yaml").read_text())["Parameters"]
    assert answers.keys() == parameters.keys(), answers.keys() ^ parameters.keys()
    for name, parameter in parameters.items():
        allowed = parameter.get("AllowedValues", []) + [parameter[end] for end in ("MinValue", "MaxValue") if end in parameter]
        missing = [value for value in allowed if not re.search(rf"(?<![\w-]){value}(?![\w-])", answers[name])]
        assert not missing, f"{name}: {missing}"
        match parameter.get("Default"):
            case None:
                pass
            case "":
                assert "empty" in answers[name], name
            case default:
                assert re.search(rf"by default `?{re.escape(str(default))}(?![\w-])", answers[name]), name


def the_schemas_for_a_registry_are_those_of_whole_events():
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
    every_link_leads_somewhere,
    every_threat_names_tests_that_exist,
    the_readme_answers_every_question_of_a_guided_deployment,
    the_schemas_for_a_registry_are_those_of_whole_events,
])
