#!/usr/bin/env bash
# The scenario of README.md with the AWS CLI.
set -euo pipefail

as() { AWS_ACCESS_KEY_ID="$1" aws rekognition "${@:2}"; }
source_=111122223333 destination=444455556666

# Waits until the version has the status. The CLI shows an empty list as "None".
wait_for() {
    for _ in $(seq 100); do
        status="$(as "$1" describe-project-versions --project-arn "$2" --version-names "$3" \
            --query 'ProjectVersionDescriptions[0].Status' --output text)"
        [ "$status" = "$4" ] && return
        sleep 0.2
    done
    echo "version $3 is $status, not $4" >&2
    return 1
}

from="$(as $source_ create-project --project-name cli --query ProjectArn --output text)"
to="$(as $destination create-project --project-name cli --query ProjectArn --output text)"
trained="$(as $source_ create-project-version --project-arn "$from" --version-name v1 \
    --output-config S3Bucket=models-bucket --query ProjectVersionArn --output text)"
wait_for $source_ "$from" v1 TRAINING_COMPLETED

copy() {
    as $destination copy-project-version --source-project-arn "$from" --source-project-version-arn "$trained" \
        --destination-project-arn "$to" --version-name copy --output-config S3Bucket=copies-bucket \
        --tags team=flowers --query ProjectVersionArn --output text
}
if denied="$(copy 2>&1)"; then
    echo "copied without a policy: $denied" >&2
    exit 1
fi
grep -q AccessDeniedException <<<"$denied"

policy="{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"$destination\"},
  \"Action\": \"rekognition:CopyProjectVersion\", \"Resource\": \"${from%/*}/version/*\"}]}"
as $source_ put-project-policy --project-arn "$from" --policy-name copy --policy-document "$policy" >/dev/null
copied="$(copy)"
wait_for $destination "$to" copy COPYING_COMPLETED
[ "$(as $destination list-tags-for-resource --resource-arn "$copied" --query Tags.team --output text)" = flowers ]

as $destination start-project-version --project-version-arn "$copied" --min-inference-units 1 >/dev/null
wait_for $destination "$to" copy RUNNING
# The CLI's own waiter works too.
as $destination wait project-version-running --project-arn "$to" --version-names copy
as $destination stop-project-version --project-version-arn "$copied" >/dev/null
wait_for $destination "$to" copy STOPPED
as $destination delete-project-version --project-version-arn "$copied" >/dev/null
wait_for $destination "$to" copy None
