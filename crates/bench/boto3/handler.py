"""A usual handler with boto3: it makes its client when it starts, and calls CopyProjectVersion once an event."""

import boto3

rekognition = boto3.client("rekognition")


def handler(event, context):
    request = event["detail"]
    answer = rekognition.copy_project_version(
        SourceProjectArn=request["sourceProjectArn"],
        SourceProjectVersionArn=request["sourceProjectVersionArn"],
        DestinationProjectArn=request["destinationProjectArn"],
        VersionName=request["versionName"],
        OutputConfig={"S3Bucket": request["outputConfig"]["s3Bucket"]},
    )
    return {"projectVersionArn": answer["ProjectVersionArn"]}
