// A usual handler with the AWS SDK v3: it makes its client when it starts, and calls CopyProjectVersion once an event.
// The loop is the least runtime that it needs: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

import http from "node:http";
import { CopyProjectVersionCommand, RekognitionClient } from "@aws-sdk/client-rekognition";

const rekognition = new RekognitionClient({});

async function handler(event) {
  const request = event.detail;
  const answer = await rekognition.send(
    new CopyProjectVersionCommand({
      SourceProjectArn: request.sourceProjectArn,
      SourceProjectVersionArn: request.sourceProjectVersionArn,
      DestinationProjectArn: request.destinationProjectArn,
      VersionName: request.versionName,
      OutputConfig: { S3Bucket: request.outputConfig.s3Bucket },
    }),
  );
  return { projectVersionArn: answer.ProjectVersionArn };
}

// Lambda gives HOST:PORT, the sandbox a whole URL.
const host = process.env.AWS_LAMBDA_RUNTIME_API.replace(/^http:\/\//, "");
const runtime = `http://${host}/2018-06-01/runtime/invocation`;
const agent = new http.Agent({ keepAlive: true });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(`${runtime}/${path}`, { method, agent }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(parts).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

for (;;) {
  const { headers, body } = await call("GET", "next");
  const id = headers["lambda-runtime-aws-request-id"];
  try {
    await call("POST", `${id}/response`, JSON.stringify(await handler(JSON.parse(body))));
  } catch (error) {
    await call("POST", `${id}/error`, JSON.stringify({ errorType: error.name, errorMessage: error.message }));
  }
}
