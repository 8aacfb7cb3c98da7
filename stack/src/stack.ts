import { randomBytes } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readStackConfig, type StackConfig } from "./config.ts";
import { secondsSince, type PartContext } from "./context.ts";
import { prepareDatabase, type DatabaseUrls } from "./databases.ts";
import { instanceFolder } from "./folders.ts";
import { startKafka } from "./kafka.ts";
import { createTopics } from "./kafka-topics.ts";
import { startKms } from "./kms/part.ts";
import { ensureMasterKey } from "./kms/master-key.ts";
import { acquireLock } from "./lock.ts";
import { startOidc } from "./oidc/part.ts";
import type { Part } from "./part.ts";
import { startPostgres, type LocalPostgres } from "./postgres.ts";
import { readState, writeState } from "./state.ts";
import { startWatchdog } from "./watchdog.ts";

export type ProgramName = "keys" | "messages" | "processor" | "gateway";

export interface StackOptions {
  /** Names the folder .sealgraph/<instance>; one run of it at a time. */
  instance: string;
  /** Called with one line for each thing that a user may be waiting for. */
  progress(line: string): void;
  /** Variables of config.ts that replace a local part by an external one; process.env by default. */
  env?: NodeJS.ProcessEnv;
  /** Whether the data of the last run is used again; by default only by the instance "start". */
  keepData?: boolean;
}

/** Running parts, local or external. A local one is undefined when an external one takes its place. */
export interface Stack {
  /** Data, logs and state of this instance. */
  folder: string;
  databaseUrls: DatabaseUrls;
  kafkaBrokers: string[];
  /** Empty for AWS itself. */
  kmsEndpoint: string;
  kmsKeyId: string;
  oidcIssuer: string;
  postgres: Part | undefined;
  kafka: Part | undefined;
  kms: Part | undefined;
  oidc: Part | undefined;
  /** Everything a program needs to run here, PATH included, but its ports. */
  environmentOf(program: ProgramName): Record<string, string>;
  /** For parts added to this stack (the programs). */
  context: PartContext;
  stop(): Promise<void>;
}

/**
 * Starts Postgres (migrated), Kafka (with its topics), KMS (with its key) and the OIDC provider, side by side.
 * Throws InstanceHeldError when another run has the instance; on any failure nothing stays running.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { instance, keepData = instance === "start" } = options;
  const config = readStackConfig(options.env ?? process.env);
  const folder = instanceFolder(instance);
  const watchdog = startWatchdog();
  let lock;
  try {
    lock = await acquireLock(folder, instance, watchdog.pid);
  } catch (error) {
    watchdog.close();
    throw error;
  }
  if (!keepData) empty(folder);
  const context: PartContext = {
    instance,
    folder,
    state: readState(folder),
    keepData,
    progress: options.progress,
    watchdog,
    baseEnv: config.baseEnv,
  };

  const parts = new Set<Part>();
  let localPostgres: LocalPostgres | undefined;
  let stopping: Promise<void> | undefined;
  const stop = () =>
    (stopping ??= (async () => {
      await Promise.all([...parts].map((part) => part.stop()));
      localPostgres?.removeTemporary();
      watchdog.close();
      lock.release();
    })());
  const own = <T extends { part: Part }>(started: T): T => {
    parts.add(started.part);
    return started;
  };

  const steps = await Promise.allSettled([
    (async () => {
      const startedAt = Date.now();
      if (config.databases === undefined) {
        localPostgres = own(await startPostgres(context));
        context.progress(`Postgres: ready on 127.0.0.1:${localPostgres.port} in ${secondsSince(startedAt)}`);
      }
      const { urls, applied } = await prepareDatabase(
        config.databases ?? { admin: localPostgres?.adminUrl ?? "" },
        context.state,
      );
      context.progress(
        applied.length === 0 ? "Postgres: schemas are up to date" : `Postgres: migrated ${applied.join(", ")}`,
      );
      return urls;
    })(),
    (async () => {
      const startedAt = Date.now();
      const local = config.kafka === undefined ? own(await startKafka(context)) : undefined;
      const brokers = local === undefined ? (config.kafka?.brokers ?? []) : [local.broker];
      const created = await createTopics({
        brokers,
        sasl: config.kafka?.sasl,
        replicationFactor: local === undefined ? -1 : 1,
      });
      const names = created.length === 0 ? "" : ` with ${created.join(", ")}`;
      context.progress(`Kafka: ready on ${brokers.join(", ")} in ${secondsSince(startedAt)}${names}`);
      return { part: local?.part, brokers };
    })(),
    (async () => {
      const startedAt = Date.now();
      const local = config.kms === undefined ? own(await startKms(context)) : undefined;
      const endpoint = local?.endpoint ?? config.kms?.endpoint ?? "";
      const keyId = config.kms?.keyId ?? "alias/sealgraph";
      // A real AWS key is made by whoever owns the account.
      if (endpoint !== "")
        await ensureMasterKey({
          endpoint,
          region: config.awsRegion,
          alias: keyId,
          credentials: awsCredentials(config),
        });
      context.progress(
        `KMS: ${local === undefined ? `using ${endpoint || "AWS"}` : `development server ready on ${endpoint} in ${secondsSince(startedAt)}`}`,
      );
      return { part: local?.part, endpoint, keyId };
    })(),
    (async () => {
      const startedAt = Date.now();
      if (config.oidcIssuer !== undefined) return { part: undefined, issuer: config.oidcIssuer };
      const local = own(await startOidc(context));
      context.progress(`OIDC: ready on ${local.issuer} in ${secondsSince(startedAt)}`);
      return local;
    })(),
  ]);
  const failed = steps.find((step) => step.status === "rejected");
  const [database, kafka, kms, oidc] = steps;
  if (
    failed !== undefined ||
    database.status === "rejected" ||
    kafka.status === "rejected" ||
    kms.status === "rejected" ||
    oidc.status === "rejected"
  ) {
    await stop();
    throw failed?.reason;
  }
  context.state.secrets["cursor"] ??= randomBytes(32).toString("base64url");
  writeState(folder, context.state);

  const stack: Stack = {
    folder,
    databaseUrls: database.value,
    kafkaBrokers: kafka.value.brokers,
    kmsEndpoint: kms.value.endpoint,
    kmsKeyId: kms.value.keyId,
    oidcIssuer: oidc.value.issuer,
    postgres: (localPostgres as LocalPostgres | undefined)?.part,
    kafka: kafka.value.part,
    kms: kms.value.part,
    oidc: oidc.value.part,
    environmentOf: (program) => environmentOf(program, stack, config),
    context,
    stop,
  };
  return stack;
}

/** The names are those of each program's config.ts. */
function environmentOf(program: ProgramName, stack: Stack, config: StackConfig): Record<string, string> {
  const base = {
    ...config.baseEnv,
    HOST: "127.0.0.1",
    METRICS_PORT: "0",
    ...(config.logLevel !== undefined && { LOG_LEVEL: config.logLevel }),
  };
  const oidc = { OIDC_ISSUER: stack.oidcIssuer, OIDC_AUDIENCE: "sealgraph" };
  const kafka = {
    KAFKA_BROKERS: stack.kafkaBrokers.join(","),
    ...(config.kafka?.sasl && {
      KAFKA_SASL_USERNAME: config.kafka.sasl.username,
      KAFKA_SASL_PASSWORD: config.kafka.sasl.password,
    }),
  };
  const kms = {
    ...(stack.kmsEndpoint !== "" && { KMS_ENDPOINT: stack.kmsEndpoint }),
    ...(config.kms !== undefined && config.aws),
    ...localCredentials(config),
    AWS_REGION: config.awsRegion,
  };
  switch (program) {
    case "keys":
      return { ...base, ...oidc, ...kafka, DATABASE_URL: stack.databaseUrls.keys };
    case "messages":
      return {
        ...base,
        ...oidc,
        ...kafka,
        ...kms,
        DATABASE_URL: stack.databaseUrls.messages,
        CURSOR_SECRET: stack.context.state.secrets["cursor"] ?? "",
      };
    case "processor":
      return { ...base, ...kafka, ...kms, KMS_KEY_ID: stack.kmsKeyId, DATABASE_URL: stack.databaseUrls.processor };
    case "gateway":
      return { ...base, ...oidc, GATEWAY_AUTH: "on" };
  }
}

/** A KMS of our own or LocalStack takes any credentials; AWS itself needs the SDK's usual ones. */
function localCredentials(config: StackConfig): Record<string, string> {
  const given = config.kms !== undefined && (config.kms.endpoint === undefined || "AWS_ACCESS_KEY_ID" in config.aws);
  return given ? {} : { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" };
}

function awsCredentials(config: StackConfig): { accessKeyId: string; secretAccessKey: string } | undefined {
  return Object.keys(localCredentials(config)).length > 0
    ? { accessKeyId: "local", secretAccessKey: "local" }
    : undefined;
}

function empty(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith("lock.json")) rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
  }
}
