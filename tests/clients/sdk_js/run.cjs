// Runs an instance by the AWS SDK for JavaScript, waits for it, describes and ends it; prints what it saw as JSON.
// Arguments: the endpoint, an image, a key's name. Credentials and region come from the environment.
"use strict";

const {
  EC2Client,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
  paginateDescribeInstanceTypes,
  waitUntilInstanceRunning,
  waitUntilInstanceTerminated,
} = require("@aws-sdk/client-ec2");

const [endpoint, image, key] = process.argv.slice(2);

async function main() {
  const client = new EC2Client({ endpoint, maxAttempts: 1 });
  const waiting = { client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
  const seen = { types: [] };
  const { Images } = await client.send(new DescribeImagesCommand({ ImageIds: [image] }));
  seen.image = Images[0].Name;
  for await (const page of paginateDescribeInstanceTypes({ client, pageSize: 20 }, {})) {
    seen.types.push(page.InstanceTypes.length);
  }
  try {
    await client.send(new DescribeInstancesCommand({ InstanceIds: ["i-00000000000000000"] }));
  } catch (error) {
    seen.refusal = { name: error.name, status: error.$metadata.httpStatusCode, retried: error.$metadata.attempts - 1 };
  }

  const { Instances } = await client.send(new RunInstancesCommand({
    ImageId: image,
    InstanceType: "b1.tiny",
    KeyName: key,
    MinCount: 1,
    MaxCount: 1,
    UserData: Buffer.from("from JavaScript").toString("base64"),
    TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "Name", Value: "étage" }] }],
  }));
  seen.launched = Instances[0].State.Name;
  const InstanceIds = [Instances[0].InstanceId];
  await waitUntilInstanceRunning(waiting, { InstanceIds });
  const described = await client.send(new DescribeInstancesCommand({
    Filters: [{ Name: "tag:Name", Values: ["étage"] }],
  }));
  const shown = described.Reservations[0].Instances[0];
  seen.running = { id: shown.InstanceId, address: shown.PublicIpAddress, tags: shown.Tags };
  seen.launchTimeIsDate = shown.LaunchTime instanceof Date;
  // The caller looks at the guest, and then closes this.
  console.log(JSON.stringify(seen));
  for await (const _ of process.stdin);

  await client.send(new TerminateInstancesCommand({ InstanceIds }));
  await waitUntilInstanceTerminated(waiting, { InstanceIds });
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
