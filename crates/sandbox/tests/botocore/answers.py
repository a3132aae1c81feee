"""Compares an answer on the wire with botocore's model: its members, their shapes, and the operation's errors."""

from values import takes

# The model requires no member of any output. The answers in the API reference always have these.
ALWAYS = {
    "CopyProjectVersion": ["ProjectVersionArn"],
    "CreateProject": ["ProjectArn"],
    "CreateProjectVersion": ["ProjectVersionArn"],
    "DeleteProject": ["Status"],
    "DeleteProjectVersion": ["Status"],
    "DescribeProjectVersions": ["ProjectVersionDescriptions"],
    "DescribeProjects": ["ProjectDescriptions"],
    "ListProjectPolicies": ["ProjectPolicies"],
    "ListTagsForResource": ["Tags"],
    "PutProjectPolicy": ["PolicyRevisionId"],
    "StartProjectVersion": ["Status"],
    "StopProjectVersion": ["Status"],
}
ALWAYS_IN = {
    "ProjectDescription": ["ProjectArn", "CreationTimestamp", "Status"],
    "ProjectVersionDescription": ["ProjectVersionArn", "CreationTimestamp", "Status"],
    "ProjectPolicy": [
        "ProjectArn",
        "PolicyName",
        "PolicyRevisionId",
        "PolicyDocument",
        "CreationTimestamp",
        "LastUpdatedTimestamp",
    ],
}
BEYOND_THE_MODEL = {"ValidationException"}
# An answer of AWS that its model does not list: the feature of a project that was created without one.
VALUES_BEYOND_THE_MODEL = {("CustomizationFeature", "")}


def problems_of_success(operation, body):
    found = list(misfits(operation.output_shape, body, "answer"))
    missing = [name for name in ALWAYS.get(operation.name, []) if name not in body]
    return found + [f"answer has no {name}" for name in missing]


def misfits(shape, value, at):
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            yield f"{at} is no object"
            return
        for name in ALWAYS_IN.get(shape.name, []):
            if name not in value:
                yield f"{at} has no {name}"
        for name, member in value.items():
            if name not in shape.members:
                yield f"{at} has an unknown member {name}"
            else:
                yield from misfits(shape.members[name], member, f"{at}.{name}")
    elif kind == "list":
        if not isinstance(value, list):
            yield f"{at} is no list"
            return
        for index, item in enumerate(value):
            yield from misfits(shape.member, item, f"{at}[{index}]")
    elif kind == "map":
        if not isinstance(value, dict):
            yield f"{at} is no object"
            return
        for key, item in value.items():
            yield from misfits(shape.value, item, f"{at}[{key}]")
    else:
        kinds = {"string": str, "boolean": bool, "integer": int, "long": int, "timestamp": (int, float)}
        if not isinstance(value, kinds.get(kind, (int, float))):
            yield f"{at} is {value!r}, no {kind}"
        elif kind != "timestamp" and not takes(shape, value) and (shape.name, value) not in VALUES_BEYOND_THE_MODEL:
            yield f"{at} is {value!r}, which {shape.name} does not take"


def problems_of_error(operation, status, headers, body):
    modelled = {shape.name for shape in operation.error_shapes} | BEYOND_THE_MODEL
    code = body.get("__type")
    if code not in modelled:
        yield f"{code} is no error of {operation.name}"
    for name in ("Code", "Logref", "Message"):
        if not isinstance(body.get(name), str) or not body[name]:
            yield f"the error has no {name}"
    if body.get("Code") != code:
        yield f"Code is {body.get('Code')}, not {code}"
    if not headers.get("x-amzn-requestid"):
        yield "the answer has no request id"
    if not 400 <= status < 500:
        yield f"the status is {status}"
