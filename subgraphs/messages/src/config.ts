/** The environment of the messages subgraph. */
import { common, database, kafka, kms, oidc, port } from "@sealgraph/platform/common.ts";
import { ConfigError, variable, type Values } from "@sealgraph/platform/config.ts";
import { minCursorSecretBytes } from "./cursor.ts";
import type { ReaderOptions } from "./inbox/mailbox-reader.ts";
import { base64urlBytes, type SendLimits } from "./send-input.ts";
import type { PageLimits } from "./store/frames.ts";

export const variables = {
  ...common,
  ...port(4002),
  ...oidc,
  ...kafka,
  ...database,
  ...kms,
  CURSOR_SECRET: variable.string({
    description: "Key of the cursors' HMAC: 32 bytes or more, base64url; the same on every replica.",
    secret: true,
  }),
  MAX_BODY_BYTES: variable.integer({
    description: "Largest message body, decoded.",
    unit: "bytes",
    min: 1,
    max: 262_144,
    default: 98_304,
  }),
  MAX_HEADER_BYTES: variable.integer({
    description: "Largest header of one device, decoded.",
    unit: "bytes",
    min: 1,
    max: 4_096,
    default: 4_096,
  }),
  MAX_CONVERSATIONS_PER_USER: variable.integer({
    description: "Conversations that one user may open.",
    unit: "conversations",
    min: 1,
    max: 1_000_000,
    default: 10_000,
  }),
  MAILBOX_QUOTA_FRAMES: variable.integer({
    description: "Unacknowledged frames a mailbox may hold before sending to it is refused.",
    unit: "frames",
    min: 1,
    max: 100_000_000,
    default: 100_000,
  }),
  HEAD_POLL_MS: variable.integer({
    description: "Time between looks at the heads of all subscribed mailboxes.",
    unit: "ms",
    min: 10,
    max: 60_000,
    default: 1_000,
  }),
  REPLAY_PAGE_FRAMES: variable.integer({
    description: "Frames read from Postgres at once; a page is also at most 1 MiB of sealed bytes.",
    unit: "frames",
    min: 1,
    max: 5_000,
    default: 200,
  }),
  READER_CREDIT_FRAMES: variable.integer({
    description: "Frames a reader may have in flight, sent and not acknowledged.",
    unit: "frames",
    min: 1,
    max: 100_000,
    default: 256,
  }),
  READER_CREDIT_BYTES: variable.integer({
    description: "Bytes a reader may have in flight; one frame always fits.",
    unit: "bytes",
    min: 1,
    max: 1_073_741_824,
    default: 8_388_608,
  }),
  READER_LAG_WAIT_MS: variable.integer({
    description: "How long a reader without credit is waited for before Lagged ends its stream.",
    unit: "ms",
    min: 1,
    max: 3_600_000,
    default: 30_000,
  }),
  SEND_TIMEOUT_MS: variable.integer({
    description: "How long Kafka may take to acknowledge a record.",
    unit: "ms",
    min: 100,
    max: 60_000,
    default: 5_000,
  }),
};

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly oidc: { issuer: string; audience: string; jwksUri: string | undefined };
  readonly kafka: { brokers: string[]; clientId: string; sasl?: { username: string; password: string } };
  readonly databaseUrl: string;
  readonly kms: { endpoint: string | undefined; region: string };
  readonly dataKeyCacheMs: number;
  readonly cursorSecret: Buffer;
  readonly sendLimits: SendLimits;
  readonly maxConversationsPerUser: number;
  readonly mailboxQuotaFrames: number;
  readonly headPollMs: number;
  readonly page: PageLimits;
  readonly reader: ReaderOptions;
  readonly sendTimeoutMs: number;
}

/** Sealed bytes of one page: what one replaying reader costs in memory. */
const maxPageBytes = 1_048_576;
/** Live frames that one reader holds while earlier ones are read. */
const maxHeldFrames = 64;
const maxHeldBytes = 1_048_576;

/** @throws ConfigError */
export function configOf(values: Values<typeof variables>): Config {
  const cursorSecret = Buffer.from(values.CURSOR_SECRET, "base64url");
  if (
    base64urlBytes(values.CURSOR_SECRET.replace(/=+$/, "")) === undefined ||
    cursorSecret.length < minCursorSecretBytes
  )
    throw new ConfigError([
      { name: "CURSOR_SECRET", problem: `must be base64url of ${minCursorSecretBytes} bytes or more` },
    ]);
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = values;
  return {
    host: values.HOST,
    port: values.PORT,
    oidc: { issuer: values.OIDC_ISSUER, audience: values.OIDC_AUDIENCE, jwksUri: values.OIDC_JWKS_URI },
    kafka: {
      brokers: values.KAFKA_BROKERS,
      clientId: "sealgraph-messages",
      ...(username === undefined || password === undefined ? {} : { sasl: { username, password } }),
    },
    databaseUrl: values.DATABASE_URL,
    kms: { endpoint: values.KMS_ENDPOINT, region: values.AWS_REGION },
    dataKeyCacheMs: values.DATA_KEY_CACHE_MS,
    cursorSecret,
    sendLimits: { maxBodyBytes: values.MAX_BODY_BYTES, maxHeaderBytes: values.MAX_HEADER_BYTES },
    maxConversationsPerUser: values.MAX_CONVERSATIONS_PER_USER,
    mailboxQuotaFrames: values.MAILBOX_QUOTA_FRAMES,
    headPollMs: values.HEAD_POLL_MS,
    page: { maxFrames: values.REPLAY_PAGE_FRAMES, maxBytes: maxPageBytes },
    reader: {
      creditFrames: values.READER_CREDIT_FRAMES,
      creditBytes: values.READER_CREDIT_BYTES,
      lagWaitMs: values.READER_LAG_WAIT_MS,
      maxHeldFrames,
      maxHeldBytes,
    },
    sendTimeoutMs: values.SEND_TIMEOUT_MS,
  };
}
