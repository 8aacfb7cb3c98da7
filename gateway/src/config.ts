/** What the gateway reads from its environment, and the flags that override it. */
import { dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { common, oidc, port } from "@sealgraph/platform/common.ts";
import { ConfigError, variable, type ConfigProblem, type Values } from "@sealgraph/platform/config.ts";
import type { TokenVerifierOptions } from "@sealgraph/platform/tokens.ts";

/** The folder that holds this package; paths in the environment are relative to it. */
const repositoryRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const onOff = ["on", "off"] as const;

export const variables = {
  ...port(4000),
  SUPERGRAPH: variable.string({
    description: "Supergraph schema file; a relative path starts at the repository's root.",
    default: "gateway/supergraph.graphql",
  }),
  SUBGRAPHS: variable.pairs({
    description: "name=http://…/graphql of subgraphs, separated by commas; overrides the URLs in the supergraph.",
    default: "",
  }),
  SUBGRAPHS_WS: variable.pairs({
    description: "name=ws://… of subgraphs with subscriptions; derived from the HTTP URL when absent.",
    default: "",
  }),
  SUBGRAPH_CREDENTIALS: variable.oneOf(["operation", "socket"], {
    description:
      "Where a subscription's token goes: in each subscribe message (sockets are shared by all users), or in the socket's connection_init (one socket per token).",
    default: "operation",
  }),
  SUBGRAPH_TIMEOUT_MS: variable.integer({
    description: "Longest wait for a subgraph's answer over HTTP.",
    unit: "ms",
    min: 100,
    max: 300_000,
    default: 15_000,
  }),
  GATEWAY_AUTH: variable.oneOf(onOff, {
    description: "off passes tokens on without looking at them: for supergraphs that do their own authentication.",
    default: "on",
  }),
  OIDC_ISSUER: variable.url({
    description: "The identity provider: `iss` of the tokens, exactly. Required unless GATEWAY_AUTH=off.",
    optional: true,
  }),
  OIDC_AUDIENCE: oidc.OIDC_AUDIENCE,
  OIDC_JWKS_URI: oidc.OIDC_JWKS_URI,
  ALLOWED_ORIGINS: variable.string({
    description:
      "Origins beside the gateway's own that browsers may call from, such as https://app.example.org, separated by commas.",
    optional: true,
  }),
  MAX_REQUEST_BYTES: variable.integer({
    description: "Largest HTTP request body or WebSocket message.",
    unit: "bytes",
    min: 1_024,
    max: 64_000_000,
    default: 1_000_000,
  }),
  MAX_OPERATIONS_PER_SOCKET: variable.integer({
    description: "Operations that run at the same time on one WebSocket.",
    unit: "operations",
    min: 1,
    max: 10_000,
    default: 100,
  }),
  INTROSPECTION: variable.oneOf(onOff, { description: "Whether the schema can be asked for.", default: "on" }),
  PLAYGROUND: variable.oneOf(onOff, { description: "Whether / serves the playground.", default: "on" }),
  ...common,
};

export interface GatewayConfig {
  host: string;
  port: number;
  supergraphFile: string;
  /** HTTP URLs by subgraph; override the supergraph's. */
  subgraphUrls: Record<string, string>;
  /** WebSocket URLs by subgraph; override the derived. */
  subgraphWebSocketUrls: Record<string, string>;
  subgraphCredentials: "operation" | "socket";
  subgraphTimeoutMs: number;
  /** Absent: tokens are passed on unseen. */
  tokens: TokenVerifierOptions | undefined;
  /** Beside the gateway's own; each as browsers write it (RFC 6454 §6.1). */
  allowedOrigins: ReadonlySet<string>;
  maxRequestBytes: number;
  maxOperationsPerSocket: number;
  introspection: boolean;
  playground: boolean;
}

/** @throws ConfigError where variables contradict each other */
export function configOf(values: Values<typeof variables>): GatewayConfig {
  const problems: ConfigProblem[] = [];
  const allowedOrigins = new Set<string>();
  for (const text of (values.ALLOWED_ORIGINS ?? "").split(",").map((part) => part.trim())) {
    if (text === "") continue;
    // URLs without an origin of their own say "null", as sandboxed pages do: never to be allowed.
    const origin = URL.canParse(text) ? new URL(text).origin : "null";
    if (origin !== "null" && origin === text.replace(/\/$/, "")) allowedOrigins.add(origin);
    else
      problems.push({ name: "ALLOWED_ORIGINS", problem: `must hold origins such as https://host:port, not "${text}"` });
  }
  for (const [name, pairs, protocols] of [
    ["SUBGRAPHS", values.SUBGRAPHS, ["http:", "https:"]],
    ["SUBGRAPHS_WS", values.SUBGRAPHS_WS, ["ws:", "wss:"]],
  ] as const) {
    for (const [subgraph, url] of Object.entries(pairs)) {
      if (URL.canParse(url) && (protocols as readonly string[]).includes(new URL(url).protocol)) continue;
      problems.push({ name, problem: `${subgraph} must have a URL that starts with ${protocols.join("// or ")}//` });
    }
  }
  const issuer = values.OIDC_ISSUER;
  if (values.GATEWAY_AUTH === "on" && issuer === undefined)
    problems.push({ name: "OIDC_ISSUER", problem: "is required: the identity provider, unless GATEWAY_AUTH=off" });
  if (problems.length > 0) throw new ConfigError(problems);

  return {
    host: values.HOST,
    port: values.PORT,
    supergraphFile: isAbsolute(values.SUPERGRAPH) ? values.SUPERGRAPH : resolve(repositoryRoot, values.SUPERGRAPH),
    subgraphUrls: values.SUBGRAPHS,
    subgraphWebSocketUrls: values.SUBGRAPHS_WS,
    subgraphCredentials: values.SUBGRAPH_CREDENTIALS,
    subgraphTimeoutMs: values.SUBGRAPH_TIMEOUT_MS,
    tokens:
      values.GATEWAY_AUTH === "on" && issuer !== undefined
        ? { issuer, audience: values.OIDC_AUDIENCE, jwksUri: values.OIDC_JWKS_URI }
        : undefined,
    allowedOrigins,
    maxRequestBytes: values.MAX_REQUEST_BYTES,
    maxOperationsPerSocket: values.MAX_OPERATIONS_PER_SOCKET,
    introspection: values.INTROSPECTION === "on",
    playground: values.PLAYGROUND === "on",
  };
}

export const flagsHelp = `Flags, which override the environment:
  --supergraph FILE    SUPERGRAPH; a relative path starts where you are
  --port N             PORT
  --auth on|off        GATEWAY_AUTH
  --subgraph NAME=URL  SUBGRAPHS, one subgraph; repeatable
  --help               this text`;

/**
 * The environment with the flags written over it.
 * @throws ConfigError on a flag that is unknown or lacks its value
 */
export function environmentOf(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  let flags;
  try {
    flags = parseArgs({
      args: [...argv],
      options: {
        supergraph: { type: "string" },
        port: { type: "string" },
        auth: { type: "string" },
        subgraph: { type: "string", multiple: true },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new ConfigError([{ name: "flags:", problem: error instanceof Error ? error.message : String(error) }]);
  }
  // npm runs scripts at the repository's root and keeps in INIT_CWD where the user stands.
  const here = env["INIT_CWD"] ?? process.cwd();
  return {
    ...env,
    ...(flags.supergraph === undefined ? {} : { SUPERGRAPH: resolve(here, flags.supergraph) }),
    ...(flags.port === undefined ? {} : { PORT: flags.port }),
    ...(flags.auth === undefined ? {} : { GATEWAY_AUTH: flags.auth }),
    ...(flags.subgraph === undefined ? {} : { SUBGRAPHS: flags.subgraph.join(",") }),
  };
}
