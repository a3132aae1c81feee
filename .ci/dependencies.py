"""What the functions are made of: the packages that are linked into them, as a CycloneDX SBOM and with their licences.

Read from cargo's own resolution for one target and from the sources that cargo unpacked, so that it needs no tool of its
own (cargo-about and cargo-cyclonedx take minutes to install). Build scripts and procedural macros are left out: no code of
theirs is shipped.
"""

import json
import re
import subprocess
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent
LICENCE = re.compile(r"(licen[cs]e|copying|notice|unlicense)\b", re.IGNORECASE)


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments, "--locked"], cwd=ROOT, check=True, capture_output=True, text=True).stdout


class Dependencies:
    """The functions' packages by (name, version), and which of them need which."""

    def __init__(self, target):
        known = {(each["name"], each["version"]): each for each in json.loads(cargo("metadata", "--format-version=1"))["packages"]}
        # Not the metadata's own graph: it has the features of the whole workspace, sandbox and tests included.
        edges = "normal,no-proc-macro"
        tree = cargo("tree", "--package=rekognition-model-copier", f"--target={target}", f"--edges={edges}", "--prefix=depth")
        self.needs, path = defaultdict(set), []
        for depth, name, version in re.findall(r"^(\d+)(\S+) v(\S+)", tree, re.MULTILINE):
            package = name, version
            path[int(depth):] = [package]
            self.needs[package]
            if len(path) > 1:
                self.needs[path[-2]].add(package)
        self.root = path[0]
        self.packages = {package: known[package] for package in sorted(self.needs) if package != self.root}

    def sbom(self, function, code_sha256):
        """CycloneDX 1.5. `code_sha256` is in hexadecimal."""
        reference = lambda package: function if package == self.root else "pkg:cargo/{}@{}".format(*package)
        locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
        checksums = {(each["name"], each["version"]): each.get("checksum") for each in locked}
        return {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {
                "component": {
                    "type": "application",
                    "bom-ref": function,
                    "name": function,
                    "version": self.root[1],
                    "hashes": [{"alg": "SHA-256", "content": code_sha256}],
                }
            },
            "components": [
                {
                    "type": "library",
                    "bom-ref": reference(package),
                    "name": package[0],
                    "version": package[1],
                    "hashes": [{"alg": "SHA-256", "content": checksums[package]}],
                    "licenses": [{"expression": expression(described)}],
                    "purl": reference(package),
                }
                for package, described in self.packages.items()
            ],
            "dependencies": [
                {"ref": reference(package), "dependsOn": sorted(map(reference, needed))}
                for package, needed in sorted(self.needs.items())
            ],
        }

    def licences(self):
        """Each text once, below the packages that have it."""
        owners = defaultdict(list)
        for (name, version), described in self.packages.items():
            for text in licence_texts(described):
                owners[text].append(f"{name} {version} ({expression(described)})")
        parts = ["The functions are linked with Rust's standard library (MIT OR Apache-2.0) and with these packages.\n"]
        parts += ["\n".join(names) + "\n\n" + text for text, names in sorted(owners.items(), key=lambda each: each[1])]
        return f"\n{'=' * 100}\n\n".join(parts)


def expression(package):
    """Old packages write `MIT/Apache-2.0`, which SPDX doesn't know."""
    return re.sub(r"\s*/\s*", " OR ", package["license"])


def licence_texts(package):
    """The texts in a package's folder. One that ships none gets those of the licence that it names."""
    folder = Path(package["manifest_path"]).parent
    files = sorted(path for path in folder.iterdir() if path.is_file() and LICENCE.match(path.name))
    if files:
        return [path.read_text().replace("\r\n", "\n").strip() + "\n" for path in files]
    if "Apache-2.0" in package["license"]:
        return [(ROOT / "LICENSE-APACHE").read_text().strip() + "\n"]
    assert package["license"] == "MIT", f"`{package['name']}` ships no licence's text: add one for `{package['license']}`"
    authors = ", ".join(package["authors"]) or f"the authors of {package['name']}"
    return [re.sub(r"Copyright .*", f"Copyright (c) {authors}", (ROOT / "LICENSE-MIT").read_text()).strip() + "\n"]
