import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { topics } from "@sealgraph/platform/topics.ts";
import { Kafka, logLevel } from "kafkajs";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { signInHeadless } from "../src/sign-in.ts";
import { startStack, type Stack } from "../src/stack.ts";

/** A stack of its own, whose parts are killed here. */
let stack: Stack;
const lines: string[] = [];

beforeAll(async () => {
  stack = await startStack({ instance: "test-parts", progress: (line) => lines.push(line) });
});
afterAll(() => stack?.stop());

const kafka = () => new Kafka({ brokers: stack.kafkaBrokers, logLevel: logLevel.NOTHING });

it("says for each part where it is ready and how long it took", () => {
  for (const part of ["Postgres", "Kafka", "KMS", "OIDC"]) {
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`^${part}: .*(127\\.0\\.0\\.1|localhost):\\d+.* in \\d+\\.\\d s`)),
    );
  }
});

it("creates the topics with their partitions and config", async () => {
  const admin = kafka().admin();
  await admin.connect();
  try {
    const { topics: found } = await admin.fetchTopicMetadata({ topics: Object.values(topics).map(({ name }) => name) });
    for (const { name, partitions, config } of Object.values(topics)) {
      expect(found.find((topic) => topic.name === name)?.partitions).toHaveLength(partitions);
      const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name }] });
      const entries = Object.fromEntries(
        resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]) ?? [],
      );
      expect(entries).toMatchObject(config);
    }
  } finally {
    await admin.disconnect();
  }
});

it("refuses a second run of the same instance", async () => {
  await expect(startStack({ instance: "test-parts", progress() {} })).rejects.toMatchObject({ code: "INSTANCE_HELD" });
});

it("brings Postgres back after kill -9 with what was committed", async () => {
  const client = new Client({ connectionString: stack.databaseUrls.admin });
  client.on("error", () => {});
  await client.connect();
  await client.query("CREATE TABLE kept AS SELECT 42 AS answer");
  await stack.postgres?.kill("SIGKILL");
  await stack.postgres?.start();
  const again = new Client({ connectionString: stack.databaseUrls.admin });
  await again.connect();
  expect((await again.query("SELECT answer FROM kept")).rows).toEqual([{ answer: 42 }]);
  await again.end();
});

it("brings Kafka back after kill -9 with what it had acknowledged", async () => {
  const topic = topics.deadLetters.name;
  const producer = kafka().producer();
  await producer.connect();
  const sent = await producer.send({ topic, acks: -1, messages: [{ key: "k", value: "kept" }] });
  await producer.disconnect();
  await stack.kafka?.kill("SIGKILL");
  expect(stack.kafka?.pid).toBeUndefined();
  await stack.kafka?.start();
  const admin = kafka().admin();
  await admin.connect();
  const [offsets] = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  expect(Number(offsets?.high)).toBe(Number(sent[0]?.baseOffset) + 1);
});

it("brings the KMS back with its keys, and the provider with its signing key", async () => {
  const kms = new KMSClient({
    endpoint: stack.kmsEndpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const made = await kms.send(new GenerateDataKeyCommand({ KeyId: stack.kmsKeyId, KeySpec: "AES_256" }));
  const keysBefore = await signingKeys();
  await Promise.all([stack.kms?.kill("SIGKILL"), stack.oidc?.kill("SIGKILL")]);
  await Promise.all([stack.kms?.start(), stack.oidc?.start()]);
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob }));
  expect(Buffer.from(opened.Plaintext ?? [])).toEqual(Buffer.from(made.Plaintext ?? []));
  kms.destroy();
  expect(await signingKeys()).toEqual(keysBefore);
  await expect(signInHeadless({ issuer: stack.oidcIssuer, username: "bob" })).resolves.toMatchObject({
    expiresIn: 300,
  });
});

async function signingKeys(): Promise<unknown> {
  const { jwks_uri } = (await (await fetch(`${stack.oidcIssuer}/.well-known/openid-configuration`)).json()) as {
    jwks_uri: string;
  };
  return (await fetch(jwks_uri)).json();
}
