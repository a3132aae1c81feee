"""What people write today: one CopyProjectVersion call with boto3, the client made when the function starts."""

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
