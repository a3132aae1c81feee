"""The scenario of README.md with boto3."""

import json
import time

import boto3

SOURCE, DESTINATION = "111122223333", "444455556666"


def client(account):
    return boto3.client("rekognition", aws_access_key_id=account, aws_secret_access_key="sandbox")


def wait_for(rekognition, project, name, status):
    for _ in range(100):
        found = rekognition.describe_project_versions(ProjectArn=project, VersionNames=[name])
        statuses = [version["Status"] for version in found["ProjectVersionDescriptions"]]
        if statuses == ([status] if status else []):
            return
        time.sleep(0.1)
    raise AssertionError(f"version {name} is {statuses}, not {status}")


source, destination = client(SOURCE), client(DESTINATION)
project = source.create_project(ProjectName="boto3")["ProjectArn"]
other = destination.create_project(ProjectName="boto3")["ProjectArn"]
trained = source.create_project_version(
    ProjectArn=project, VersionName="v1", OutputConfig={"S3Bucket": "models-bucket"}
)["ProjectVersionArn"]
source.get_waiter("project_version_training_completed").wait(
    ProjectArn=project, VersionNames=["v1"], WaiterConfig={"Delay": 1}
)

request = {
    "SourceProjectArn": project,
    "SourceProjectVersionArn": trained,
    "DestinationProjectArn": other,
    "VersionName": "copy",
    "OutputConfig": {"S3Bucket": "copies-bucket"},
    "Tags": {"team": "flowers"},
}
try:
    destination.copy_project_version(**request)
    raise AssertionError("copied without a policy")
except destination.exceptions.AccessDeniedException:
    pass

statement = {
    "Effect": "Allow",
    "Principal": {"AWS": DESTINATION},
    "Action": "rekognition:CopyProjectVersion",
    "Resource": project.rsplit("/", 1)[0] + "/version/*",
}
document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
source.put_project_policy(ProjectArn=project, PolicyName="copy", PolicyDocument=document)
copied = destination.copy_project_version(**request)["ProjectVersionArn"]
wait_for(destination, other, "copy", "COPYING_COMPLETED")
assert destination.list_tags_for_resource(ResourceArn=copied)["Tags"] == {"team": "flowers"}

destination.start_project_version(ProjectVersionArn=copied, MinInferenceUnits=1)
wait_for(destination, other, "copy", "RUNNING")
destination.stop_project_version(ProjectVersionArn=copied)
wait_for(destination, other, "copy", "STOPPED")
destination.delete_project_version(ProjectVersionArn=copied)
wait_for(destination, other, "copy", None)
pages = source.get_paginator("describe_projects").paginate(PaginationConfig={"PageSize": 1})
assert project in [found["ProjectArn"] for page in pages for found in page["ProjectDescriptions"]]
assert boto3.client("sts", aws_access_key_id=SOURCE, aws_secret_access_key="sandbox").get_caller_identity()["Account"] == SOURCE
