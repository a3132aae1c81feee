"""Compares the sandbox with botocore's own model of Rekognition.

For each operation and each member it sends values at and just past every bound, then seeded mixtures of them. Botocore's
own validation is off, and each request has an unknown member. A request that the model refuses must be a
ValidationException, and no other request may be one. Every answer must have the operation's shape, and every error must be
one of the operation's own. Each request meets the same world.

    AWS_ENDPOINT_URL=… python conformance.py [--seed N] [--mixtures N]
"""

import argparse
import json
import os
import random
import sys
import urllib.request
from collections import Counter

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from answers import problems_of_error, problems_of_success
from values import candidates, default, takes

SOURCE, DESTINATION = "111122223333", "444455556666"
HEAD = "arn:aws:rekognition:us-east-1"
FLOWERS = f"{HEAD}:{SOURCE}:project/flowers/1761904800000"
FLOWERS_VERSION = f"{HEAD}:{SOURCE}:project/flowers/version/flowers.2026-11-02/1762077600000"
PRODUCTION = f"{HEAD}:{DESTINATION}:project/flowers-production/1761991200000"
STAGING_VERSION = f"{HEAD}:{DESTINATION}:project/flowers-staging/version/flowers.2026-11-01/1761998400000"
STAGING = f"{HEAD}:{DESTINATION}:project/flowers-staging/1761994800000"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": DESTINATION},
                "Action": "rekognition:CopyProjectVersion",
                "Resource": f"{HEAD}:{DESTINATION}:project/flowers-staging/version/*",
            }
        ],
    }
)
OBJECT = {"S3Object": {"Bucket": "flowers-data", "Name": "manifest.json", "Version": "1"}}
ASSETS = [{"GroundTruthManifest": OBJECT}]
OUTPUT = {"S3Bucket": "flowers-production-models", "S3KeyPrefix": "copied/"}
TAGS = {"team": "flowers"}

# For each operation, a request that the sandbox's first world answers with success, by account 444455556666.
GOOD = {
    "CopyProjectVersion": {
        "SourceProjectArn": FLOWERS,
        "SourceProjectVersionArn": FLOWERS_VERSION,
        "DestinationProjectArn": PRODUCTION,
        "VersionName": "flowers.1",
        "OutputConfig": OUTPUT,
        "Tags": TAGS,
        "KmsKeyId": "alias/models",
    },
    "CreateProject": {"ProjectName": "roses", "Feature": "CUSTOM_LABELS", "AutoUpdate": "DISABLED", "Tags": TAGS},
    "CreateProjectVersion": {
        "ProjectArn": STAGING,
        "VersionName": "flowers.2",
        "OutputConfig": OUTPUT,
        "TrainingData": {"Assets": ASSETS},
        "TestingData": {"Assets": ASSETS, "AutoCreate": False},
        "Tags": TAGS,
        "KmsKeyId": "alias/models",
        "VersionDescription": "the second",
        "FeatureConfig": {"ContentModeration": {"ConfidenceThreshold": 50.0}},
    },
    "DeleteProject": {"ProjectArn": PRODUCTION},
    "DeleteProjectPolicy": {"ProjectArn": STAGING, "PolicyName": "copy"},
    "DeleteProjectVersion": {"ProjectVersionArn": STAGING_VERSION},
    "DescribeProjectVersions": {"ProjectArn": STAGING, "VersionNames": ["flowers.2026-11-01"], "MaxResults": 10},
    "DescribeProjects": {"ProjectNames": ["flowers-staging"], "MaxResults": 10, "Features": ["CUSTOM_LABELS"]},
    "ListProjectPolicies": {"ProjectArn": STAGING, "MaxResults": 5},
    "ListTagsForResource": {"ResourceArn": STAGING_VERSION},
    "PutProjectPolicy": {"ProjectArn": STAGING, "PolicyName": "copy", "PolicyDocument": POLICY},
    "StartProjectVersion": {"ProjectVersionArn": STAGING_VERSION, "MinInferenceUnits": 1, "MaxInferenceUnits": 2},
    "StopProjectVersion": {"ProjectVersionArn": STAGING_VERSION},
    "TagResource": {"ResourceArn": STAGING_VERSION, "Tags": TAGS},
    "UntagResource": {"ResourceArn": STAGING_VERSION, "TagKeys": ["team"]},
}


class Sandbox:
    """A botocore client of the sandbox that checks nothing before it sends, and keeps the raw answer."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
        self.client = boto3.client(
            "rekognition",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=DESTINATION,
            aws_secret_access_key="sandbox",
            config=config,
        )
        self.client.meta.events.register("before-call.rekognition", self.add_unknown_member)
        self.client.meta.events.register("before-parse.rekognition", self.keep)
        self.raw = None

    def add_unknown_member(self, params, **_):
        params["body"] = json.dumps({**json.loads(params["body"]), "Surprise": {"a": [1]}}).encode()

    def keep(self, response_dict, **_):
        self.raw = response_dict

    def send(self, operation, request):
        """The error's code, or None. The raw answer is in `raw`."""
        try:
            getattr(self.client, snake(operation))(**request)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return None

    def control(self, path, body=None, method="POST"):
        data = b"" if body is None else json.dumps(body).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.endpoint}/_sandbox/{path}", data, method=method))

    def reset(self, operation):
        """Loads a world in which the operation's good request succeeds."""
        self.control("reset")
        if operation == "DeleteProjectPolicy":
            self.send("PutProjectPolicy", GOOD["PutProjectPolicy"])
        if operation == "StopProjectVersion":
            self.control("status", {"projectVersionArn": STAGING_VERSION, "status": "RUNNING"})


def snake(name):
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


def requests(shape, good, seed, mixtures):
    """The good request; then requests without a member or with another value for it; then mixtures."""
    yield good
    for name in shape.members:
        yield {other: value for other, value in good.items() if other != name}
    pools = {
        name: candidates(member, good.get(name, default(member))) for name, member in shape.members.items()
    }
    for name, pool in pools.items():
        for value in pool:
            yield {**good, name: value}
    chance = random.Random(seed)
    for _ in range(mixtures):
        request = dict(good)
        for name, pool in pools.items():
            match chance.random():
                case luck if luck < 0.15:
                    request[name] = chance.choice(pool)
                case luck if luck < 0.2:
                    request.pop(name, None)
        yield request


def check(sandbox, name, request):
    """The problems of the answer to one request, and its error's code."""
    operation = sandbox.client.meta.service_model.operation_model(name)
    sandbox.raw = None
    code = sandbox.send(name, request)
    raw = sandbox.raw
    if raw is None:
        return ["no answer"], code
    body = json.loads(raw["body"])
    taken = takes(operation.input_shape, request)
    problems = []
    if taken and code == "ValidationException":
        problems.append(f"refused, although the model takes it: {body.get('Message')}")
    if not taken and code != "ValidationException":
        problems.append(f"answered with {code or 'success'}, although the model does not take it")
    if code is None:
        problems += problems_of_success(operation, body)
    else:
        problems += problems_of_error(operation, raw["status_code"], raw["headers"], body)
    return problems, code


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--mixtures", type=int, default=100, help="for each operation")
    options = options.parse_args()
    sandbox = Sandbox(os.environ["AWS_ENDPOINT_URL"])
    passed, failed = 0, 0
    for name, good in GOOD.items():
        shape = sandbox.client.meta.service_model.operation_model(name).input_shape
        codes = Counter()
        for index, request in enumerate(requests(shape, good, options.seed, options.mixtures)):
            sandbox.reset(name)
            problems, code = check(sandbox, name, request)
            if index == 0 and code is not None:
                problems.append(f"the good request was refused: {code}")
            codes[code or "success"] += 1
            if problems:
                failed += 1
                print(f"FAILED {name} {json.dumps(request)[:600]}\n       " + "\n       ".join(problems[:5]))
            else:
                passed += 1
        print(f"{name}: " + ", ".join(f"{count} {code}" for code, count in sorted(codes.items())))
    print(f"{passed + failed} requests")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or passed < 2000 else 0


if __name__ == "__main__":
    sys.exit(main())
