// The scenario of README.md with the AWS SDK for JavaScript, v3.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { AccessDeniedException, Rekognition } from "@aws-sdk/client-rekognition";

const [SOURCE, DESTINATION] = ["111122223333", "444455556666"];
const client = (accessKeyId) => new Rekognition({ credentials: { accessKeyId, secretAccessKey: "sandbox" } });
const source = client(SOURCE);
const destination = client(DESTINATION);

async function waitFor(rekognition, ProjectArn, name, status) {
  let found;
  for (let tries = 0; tries < 100; tries++) {
    const answer = await rekognition.describeProjectVersions({ ProjectArn, VersionNames: [name] });
    found = answer.ProjectVersionDescriptions[0]?.Status;
    if (found === status) return;
    await sleep(100);
  }
  assert.fail(`version ${name} is ${found}, not ${status}`);
}

const { ProjectArn: from } = await source.createProject({ ProjectName: "javascript" });
const { ProjectArn: to } = await destination.createProject({ ProjectName: "javascript" });
const { ProjectVersionArn: trained } = await source.createProjectVersion({
  ProjectArn: from,
  VersionName: "v1",
  OutputConfig: { S3Bucket: "models-bucket" },
});
await waitFor(source, from, "v1", "TRAINING_COMPLETED");

const request = {
  SourceProjectArn: from,
  SourceProjectVersionArn: trained,
  DestinationProjectArn: to,
  VersionName: "copy",
  OutputConfig: { S3Bucket: "copies-bucket" },
  Tags: { team: "flowers" },
};
await assert.rejects(destination.copyProjectVersion(request), (error) => error instanceof AccessDeniedException);

const statement = {
  Effect: "Allow",
  Principal: { AWS: DESTINATION },
  Action: "rekognition:CopyProjectVersion",
  Resource: `${from.slice(0, from.lastIndexOf("/"))}/version/*`,
};
await source.putProjectPolicy({
  ProjectArn: from,
  PolicyName: "copy",
  PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
});
const { ProjectVersionArn: copied } = await destination.copyProjectVersion(request);
await waitFor(destination, to, "copy", "COPYING_COMPLETED");
assert.deepEqual((await destination.listTagsForResource({ ResourceArn: copied })).Tags, { team: "flowers" });

await destination.startProjectVersion({ ProjectVersionArn: copied, MinInferenceUnits: 1 });
await waitFor(destination, to, "copy", "RUNNING");
await destination.stopProjectVersion({ ProjectVersionArn: copied });
await waitFor(destination, to, "copy", "STOPPED");
await destination.deleteProjectVersion({ ProjectVersionArn: copied });
await waitFor(destination, to, "copy", undefined);
