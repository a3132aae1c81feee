"""What is in a bundle. `contents.py BUNDLE.zip`: one that .ci/bundle made."""

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from facts import check

FUNCTIONS = {"start-copy", "check-copies"}
bundle = Path(sys.argv[1])
extracted = tempfile.TemporaryDirectory()
subprocess.run(["unzip", "-q", bundle, "-d", extracted.name], check=True)
(folder,) = Path(extracted.name).iterdir()


def the_sums_are_those_of_every_file():
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    summed = {line.split(maxsplit=1)[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files - summed == {"SHA256SUMS"}, files ^ summed


def everything_that_a_deployment_needs_is_there():
    assert folder.name == bundle.stem
    needed = [f"{function}.{kind}" for function in FUNCTIONS for kind in ("zip", "cdx.json")]
    needed += ["template.yaml", "source-account.yaml", "samconfig.toml", "release.json", "README.md", "CHANGELOG.md"]
    needed += ["LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY-LICENSES.txt", "docs/operate.md", "schemas/request.json"]
    needed += ["events/copy-requested.json", "examples/dashboard/template.yaml"]
    assert [name for name in needed if not (folder / name).is_file()] == []
    # It is a program.
    subprocess.run(["bash", "-n", "examples/update"], cwd=folder, check=True)
    assert (folder / "examples/update").stat().st_mode & 0o111


def the_release_names_the_code_as_lambda_will():
    release = json.loads((folder / "release.json").read_text())
    assert folder.name == f"rekognition-model-copier-{release['version']}-{release['architecture']}"
    assert release["functions"].keys() == FUNCTIONS
    for function, described in release["functions"].items():
        code = folder / f"{function}.zip"
        assert base64.b64decode(described["codeSha256"]) == hashlib.sha256(code.read_bytes()).digest()
        (program,) = zipfile.ZipFile(code).infolist()
        assert program.filename == "bootstrap" and program.external_attr >> 16 & 0o111 == 0o111, program


def the_template_takes_the_zips_and_asks_no_processor():
    validated = subprocess.run(["sam", "validate", "--lint"], cwd=folder, capture_output=True, text=True)
    assert validated.returncode == 0, validated.stdout + validated.stderr
    text = (folder / "template.yaml").read_text()
    assert all(f"CodeUri: {function}.zip\n" in text for function in FUNCTIONS)
    assert "!Ref Architecture" not in text and "BuildMethod" not in text


def an_sbom_lists_what_is_linked_and_nothing_else():
    for function in FUNCTIONS:
        text = (folder / f"{function}.cdx.json").read_text()
        assert (problem := JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)) is None, problem
        names = {component["name"] for component in json.loads(text)["components"]}
        assert {"aws-sdk-rekognition", "lambda_runtime", "ring"} <= names, names
        assert not {"serde_derive", "cc", "sandbox", "dynoxide-rs", "clap"} & names, names


check([
    the_sums_are_those_of_every_file,
    everything_that_a_deployment_needs_is_there,
    the_release_names_the_code_as_lambda_will,
    the_template_takes_the_zips_and_asks_no_processor,
    an_sbom_lists_what_is_linked_and_nothing_else,
])
