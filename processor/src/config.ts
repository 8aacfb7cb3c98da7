/** The processor's environment. */
import { common, database, kafka, kms } from "@sealgraph/platform/common.ts";
import { variable, type Values } from "@sealgraph/platform/config.ts";

export const variables = {
  ...common,
  ...database,
  ...kafka,
  ...kms,
  KMS_KEY_ID: variable.string({
    description: "The master key that wraps data keys: id, ARN or alias.",
    default: "alias/sealgraph",
  }),
  DATA_KEY_MAX_USES: variable.integer({
    description: "Bodies and headers sealed under one data key, give or take one batch.",
    unit: "seals",
    min: 1,
    max: 1_000_000_000,
    default: 100_000,
  }),
  MAX_BATCH_RECORDS: variable.integer({
    description: "Records of incoming-messages in one transaction.",
    unit: "records",
    min: 1,
    max: 5_000,
    default: 500,
  }),
};

export interface Config {
  readonly databaseUrl: string;
  readonly kafka: { brokers: string[]; clientId: string; sasl?: { username: string; password: string } };
  readonly kms: { endpoint: string | undefined; region: string; keyId: string };
  readonly dataKeyCacheMs: number;
  readonly dataKeyMaxUses: number;
  readonly maxBatchRecords: number;
}

export function configOf(values: Values<typeof variables>): Config {
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = values;
  const sasl = username === undefined || password === undefined ? {} : { sasl: { username, password } };
  return {
    databaseUrl: values.DATABASE_URL,
    kafka: { brokers: values.KAFKA_BROKERS, clientId: "processor", ...sasl },
    kms: { endpoint: values.KMS_ENDPOINT, region: values.AWS_REGION, keyId: values.KMS_KEY_ID },
    dataKeyCacheMs: values.DATA_KEY_CACHE_MS,
    dataKeyMaxUses: values.DATA_KEY_MAX_USES,
    maxBatchRecords: values.MAX_BATCH_RECORDS,
  };
}
