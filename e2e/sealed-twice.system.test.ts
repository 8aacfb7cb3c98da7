import { DescribeKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { Client as Postgres } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { controlOf } from "./control.ts";
import { caughtUp, messageIds, OpaqueDevice } from "./opaque-device.ts";

const system = inject("system");
const control = controlOf(system.controlUrl);
const dataKeyCacheMs = 1_000;

describe("what is stored", () => {
  let alice: OpaqueDevice;
  let bob: OpaqueDevice;
  const database = new Postgres({ connectionString: system.databaseUrls.admin });
  const kms = new KMSClient({
    endpoint: system.kmsEndpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const restartMessages = async (env?: Record<string, string>) => {
    await control.kill("messages", "SIGTERM");
    await control.start("messages", env);
  };

  beforeAll(async () => {
    await database.connect();
    await restartMessages({ DATA_KEY_CACHE_MS: String(dataKeyCacheMs) });
    alice = await OpaqueDevice.register(system, "alice");
    bob = await OpaqueDevice.register(system, "bob");
  });
  afterAll(async () => {
    await alice.close();
    await bob.close();
    await database.end();
    await restartMessages({ DATA_KEY_CACHE_MS: "300000" });
  });

  it("holds neither body nor header as the client made them", async () => {
    const input = (await alice.inputTo("bob"))();
    await alice.sendSurely(input);
    await bob.collect((frames) => messageIds(frames).includes(input.id));
    const { rows: stored } = await database.query<{ sealed_body: Buffer }>(
      "SELECT sealed_body FROM messages.messages WHERE id = $1",
      [input.id],
    );
    expect(stored).toHaveLength(1);
    expect(stored[0]!.sealed_body.length).toBeGreaterThan(64);
    // Every row of every table, as text: bytea shows as hex.
    const { rows: tables } = await database.query<{ name: string }>(
      "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('messages', 'keys')",
    );
    const secrets = [input.body, ...input.recipients.flatMap(({ headers }) => headers.map(({ header }) => header))].map(
      (text) => Buffer.from(text, "base64url"),
    );
    expect(secrets.length).toBeGreaterThan(1);
    for (const { name } of tables) {
      const { rows } = await database.query<{ line: string }>(`SELECT t::text AS line FROM ${name} t`);
      const text = rows.map(({ line }) => line).join("\n");
      for (const secret of secrets)
        for (const shape of ["base64url", "base64", "hex"] as const)
          expect(text.includes(secret.toString(shape))).toBe(false);
    }
  });

  it("cannot be replayed while the master key is disabled, says so, and can again once it is enabled", async () => {
    const input = (await alice.inputTo("bob"))();
    await alice.sendSurely(input);
    await bob.collect((frames) => messageIds(frames).includes(input.id));
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: system.kmsKeyId }));
    const key = { KeyId: KeyMetadata!.KeyId! };
    await kms.send(new DisableKeyCommand(key));
    try {
      await new Promise((resolve) => setTimeout(resolve, dataKeyCacheMs + 200));
      await expect(bob.collect(caughtUp)).rejects.toMatchObject([
        { extensions: { code: "KMS_UNAVAILABLE", retryable: true } },
      ]);
    } finally {
      await kms.send(new EnableKeyCommand(key));
    }
    const frames = await bob.collect(caughtUp);
    expect(messageIds(frames)).toContain(input.id);
  });
});
