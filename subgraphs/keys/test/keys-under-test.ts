/** The keys program, in this process, on a database, a topic and an identity provider of its own. */
import { randomUUID } from "node:crypto";
import { readConfig } from "@sealgraph/platform/config.ts";
import { userIdOf } from "@sealgraph/platform/ids.ts";
import { createLog } from "@sealgraph/platform/log.ts";
import { createRegistry } from "@sealgraph/platform/metrics.ts";
import type { Running } from "@sealgraph/platform/program.ts";
import { configOf, variables } from "../src/config.ts";
import { startKeys } from "../src/service.ts";
import { deviceKeysLike, generateDeviceKeys, proofOf, type DeviceKeys } from "./device-keys.ts";
import { createFreshDatabase, createFreshTopic, readDirectory } from "./fresh-parts.ts";
import { startIssuer, type Person } from "./issuer.ts";

/** For expect.poll: longer than anything takes, on a busy machine too. */
export const soon = { timeout: 15_000 };

export interface Answer {
  data?: any;
  errors?: { message: string; extensions: { code: string; retryable: boolean; field?: string } }[];
}

export async function ask(url: string, token: string, query: string, variables: Record<string, unknown> = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer;
}

const someKeys = generateDeviceKeys();

export async function inputOf(userId: string, keys: DeviceKeys = deviceKeysLike(someKeys), name = "phone") {
  return {
    name,
    encryptionKey: keys.encryption.pem,
    signingKey: keys.signing.pem,
    encryptionKeySignature: await proofOf(userId, keys),
  };
}

export const registerMutation = `mutation ($input: RegisterDeviceInput!) {
  registerDevice(input: $input) { id name encryptionKey signingKey createdAt revokedAt user { id devicesVersion } } }`;
export const revokeMutation = `mutation ($id: ID!) { revokeDevice(id: $id) { id revokedAt user { devicesVersion } } }`;

export async function startKeysUnderTest(
  system: { databaseUrls: { admin: string; keys: string }; kafkaBrokers: string[] },
  env: Record<string, string> = {},
) {
  const database = await createFreshDatabase(system.databaseUrls);
  const { topic, delete: deleteTopic } = await createFreshTopic(system.kafkaBrokers);
  const issuer = await startIssuer();
  const config = {
    ...configOf(
      readConfig(variables, {
        PORT: "0",
        DATABASE_URL: database.url,
        KAFKA_BROKERS: system.kafkaBrokers.join(","),
        OIDC_ISSUER: issuer.url,
        ...env,
      }),
    ),
    topic,
  };
  const start = () => startKeys(config, createLog("keys", "error"), createRegistry("keys"));
  let program: Running | undefined = await start();
  const halt = async () => {
    await program?.stop();
    program = undefined;
  };

  return {
    database,
    topic,
    config,
    get url() {
      return program?.url ?? "";
    },
    ready: () => program?.ready() ?? false,
    /** Stops the program alone. */
    halt,
    async restart() {
      await halt();
      program = await start();
    },
    /** One more replica, on the same parts. */
    startReplica: start,
    directory: () => readDirectory(system.kafkaBrokers, topic),
    /** A user who is new here unless the person is given. */
    async person(given: Partial<Person> = {}) {
      const subject = given.subject ?? randomUUID();
      const token = await issuer.tokenOf({ username: `user-${subject}`, ...given, subject });
      const userId = userIdOf(issuer.url, subject);
      const call = (query: string, variables?: Record<string, unknown>, url = program?.url ?? "") =>
        ask(url, token, query, variables);
      return {
        userId,
        token,
        call,
        register: async (keys?: DeviceKeys, name?: string) =>
          call(registerMutation, { input: await inputOf(userId, keys, name) }),
        revoke: (id: string) => call(revokeMutation, { id }),
      };
    },
    async stop() {
      await halt();
      issuer.stop();
      await database.drop();
      await deleteTopic();
    },
  };
}
