import { common, database, kafka, oidc, port } from "@sealgraph/platform/common.ts";
import { ConfigError, variable, type Values } from "@sealgraph/platform/config.ts";
import { topics } from "@sealgraph/platform/topics.ts";

export const variables = {
  ...port(4001),
  ...common,
  ...database,
  ...kafka,
  ...oidc,
  MAX_DEVICES_PER_USER: variable.integer({
    description: "Active devices that one user may have.",
    unit: "devices",
    min: 1,
    max: 100,
    default: 10,
  }),
  MAX_REGISTRATIONS_PER_DAY: variable.integer({
    description: "Devices that one user may register within 24 hours; bounds how fast revoked ones pile up.",
    unit: "devices",
    min: 1,
    max: 100_000,
    default: 200,
  }),
  // Copies of the directory take 10 s of silence for an outage (DELIVERY rule 11), hence the upper bound.
  DIRECTORY_HEARTBEAT_MS: variable.integer({
    description: "Time between heartbeats on the topic device-directory.",
    unit: "ms",
    min: 100,
    max: 5_000,
    default: 2_000,
  }),
  RELAY_POLL_MS: variable.integer({
    description: "Time between looks at the outbox for changes made by other replicas.",
    unit: "ms",
    min: 5,
    max: 5_000,
    default: 50,
  }),
};

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly kafka: { readonly brokers: string[]; readonly sasl?: { username: string; password: string } };
  readonly oidc: { readonly issuer: string; readonly audience: string; readonly jwksUri: string | undefined };
  readonly limits: Limits;
  /** The topic device-directory; another one in tests only. */
  readonly topic: string;
  readonly heartbeatMs: number;
  readonly pollMs: number;
}

export interface Limits {
  /** Active devices of one user. */
  readonly maxDevicesPerUser: number;
  /** Devices of one user registered within 24 hours, revoked ones included. */
  readonly maxRegistrationsPerDay: number;
}

/** @throws ConfigError where variables do not fit each other. */
export function configOf(values: Values<typeof variables>): Config {
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = values;
  if ((username === undefined) !== (password === undefined))
    throw new ConfigError([{ name: "KAFKA_SASL_USERNAME", problem: "is needed together with KAFKA_SASL_PASSWORD" }]);
  return {
    host: values.HOST,
    port: values.PORT,
    databaseUrl: values.DATABASE_URL,
    kafka: {
      brokers: values.KAFKA_BROKERS,
      ...(username === undefined || password === undefined ? {} : { sasl: { username, password } }),
    },
    oidc: { issuer: values.OIDC_ISSUER, audience: values.OIDC_AUDIENCE, jwksUri: values.OIDC_JWKS_URI },
    limits: {
      maxDevicesPerUser: values.MAX_DEVICES_PER_USER,
      maxRegistrationsPerDay: values.MAX_REGISTRATIONS_PER_DAY,
    },
    topic: topics.deviceDirectory.name,
    heartbeatMs: values.DIRECTORY_HEARTBEAT_MS,
    pollMs: values.RELAY_POLL_MS,
  };
}
