/** The variables that several programs read; each program spreads those it needs into its own. */
import { variable } from "./config.ts";

export const common = {
  LOG_LEVEL: variable.oneOf(["trace", "debug", "info", "warn", "error"], {
    description: "Least level that is logged.",
    default: "info",
  }),
  HOST: variable.string({ description: "Address to listen on; 0.0.0.0 in a container.", default: "127.0.0.1" }),
  METRICS_PORT: variable.integer({
    description: "Port of /metrics, /healthz and /readyz; 0 is any free one.",
    unit: "port",
    min: 0,
    max: 65_535,
    default: 0,
  }),
  SHUTDOWN_TIMEOUT_MS: variable.integer({
    description: "Longest time from SIGTERM to the end.",
    unit: "ms",
    min: 100,
    max: 600_000,
    default: 10_000,
  }),
};

export const oidc = {
  OIDC_ISSUER: variable.url({ description: "The identity provider: `iss` of the tokens, exactly." }),
  OIDC_AUDIENCE: variable.string({ description: "What `aud` of the tokens must hold.", default: "sealgraph" }),
  OIDC_JWKS_URI: variable.url({
    description: "Where the provider's keys are; found by OpenID discovery when absent.",
    optional: true,
  }),
};

export const kafka = {
  KAFKA_BROKERS: variable.list({ description: "host:port of the brokers, separated by commas." }),
  KAFKA_SASL_USERNAME: variable.string({ description: "SCRAM-SHA-512 user.", optional: true }),
  KAFKA_SASL_PASSWORD: variable.string({ description: "SCRAM-SHA-512 password.", optional: true, secret: true }),
};

export const database = {
  DATABASE_URL: variable.url({ description: "PostgreSQL, as the program's own role.", secret: true }),
};

export const kms = {
  KMS_ENDPOINT: variable.url({ description: "Where KMS answers; AWS itself when absent.", optional: true }),
  AWS_REGION: variable.string({ description: "The master key's region.", default: "us-east-1" }),
  DATA_KEY_CACHE_MS: variable.integer({
    description: "How long an opened data key stays in memory.",
    unit: "ms",
    min: 0,
    max: 86_400_000,
    default: 300_000,
  }),
};

/** @param port used when PORT is not given. */
export function port(port: number) {
  return {
    PORT: variable.integer({
      description: "Port to listen on; 0 is any free one.",
      unit: "port",
      min: 0,
      max: 65_535,
      default: port,
    }),
  };
}
