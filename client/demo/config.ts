import { tmpdir } from "node:os";

/** What the play needs from its environment; the stack's demo command sets it. */
export interface PlayConfig {
  readonly gatewayUrl: string;
  readonly oidcIssuer: string;
  /** As an administrator, to show rows. */
  readonly databaseUrl: string;
  readonly kafkaBrokers: string[];
  readonly colour: boolean;
  /** Where the devices' stores are made and removed again. */
  readonly folder: string;
  /** Columns. */
  readonly width: number;
}

const names = ["GATEWAY_URL", "OIDC_ISSUER", "DATABASE_URL", "KAFKA_BROKERS"] as const;
const widestColumns = 72;
const narrowestColumns = 32;

/** @throws TypeError that names all that is missing */
export function readPlayConfig(env: NodeJS.ProcessEnv, output: { isTTY?: boolean; columns?: number }): PlayConfig {
  const missing = names.filter((name) => !env[name]);
  if (missing.length > 0) throw new TypeError(`not set: ${missing.join(", ")}`);
  const value = (name: (typeof names)[number]) => env[name] ?? "";
  return {
    gatewayUrl: value("GATEWAY_URL"),
    oidcIssuer: value("OIDC_ISSUER"),
    databaseUrl: value("DATABASE_URL"),
    kafkaBrokers: value("KAFKA_BROKERS").split(","),
    folder: env["PLAY_FOLDER"] ?? tmpdir(),
    // https://no-color.org: set and not empty.
    colour: output.isTTY === true && !env["NO_COLOR"],
    width: Math.max(narrowestColumns, Math.min(widestColumns, output.columns ?? widestColumns)),
  };
}
