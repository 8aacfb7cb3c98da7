/** Errors of the gateway's own, and what a client may see of all others. */
import { randomUUID } from "node:crypto";
import { DomainError, errorCodes } from "@sealgraph/platform/errors.ts";
import { toGraphQLError } from "@sealgraph/platform/graphql-errors.ts";
import type { Log } from "@sealgraph/platform/log.ts";
import { GraphQLError, type GraphQLFormattedError } from "graphql";

/** Beside the subgraphs' codes (platform/src/errors.ts). */
export const gatewayErrorCodes = {
  SUBSCRIPTIONS_NEED_WEBSOCKET: {
    retryable: false,
    status: 400,
    meaning: "Subscriptions are served over a WebSocket on this path, subprotocol graphql-transport-ws.",
  },
  SUBGRAPH_UNAVAILABLE: { retryable: true, status: 503, meaning: "A part of the graph does not answer." },
  TOO_MANY_OPERATIONS: {
    retryable: true,
    status: 429,
    meaning: "As many operations run on this socket as one may have.",
  },
  OPERATION_RESOLUTION_FAILURE: {
    retryable: false,
    status: 400,
    meaning: "The document holds no operation of that name, or several and no name was given.",
  },
  REQUEST_TOO_LARGE: { retryable: false, status: 413, meaning: "The request is over the limit." },
  REQUEST_MALFORMED: { retryable: false, status: 400, meaning: "The request cannot be read." },
} as const satisfies Record<string, { retryable: boolean; status: number; meaning: string }>;

export type GatewayErrorCode = keyof typeof gatewayErrorCodes;

export function gatewayError(code: GatewayErrorCode, cause?: Error): GraphQLError {
  const { retryable, status, meaning } = gatewayErrorCodes[code];
  return new GraphQLError(meaning, {
    extensions: { code, retryable, http: { status } },
    ...(cause === undefined ? {} : { originalError: cause }),
  });
}

/** A refused token as a GraphQL error with HTTP status 401; 503 while the provider's keys cannot be had. */
export function refusalOf(error: unknown): GraphQLError {
  const domainError = error instanceof DomainError ? error : new DomainError("IDENTITY_UNAVAILABLE");
  const refusal = toGraphQLError(domainError);
  if (domainError.code === "IDENTITY_UNAVAILABLE") refusal.extensions["http"] = { status: 503 };
  return refusal;
}

/** Codes under which libraries put whatever they did not expect: the message may hold anything. */
const unexpectedCodes: ReadonlySet<unknown> = new Set([undefined, "INTERNAL_SERVER_ERROR", "DOWNSTREAM_SERVICE_ERROR"]);

/** Extensions that describe our inside. */
const hiddenExtensions: ReadonlySet<string> = new Set([
  "serviceName",
  "service",
  "stacktrace",
  "exception",
  "response",
  "http",
]);

const knownCodes: Readonly<Record<string, { retryable: boolean }>> = { ...errorCodes, ...gatewayErrorCodes };

/**
 * What a client sees: the message and extensions of errors that carry a code, whoever set it, always with `retryable`;
 * everything else is logged and becomes INTERNAL_SERVER_ERROR.
 */
export function visibleError(error: GraphQLFormattedError, log: Log): GraphQLFormattedError {
  const place = {
    ...(error.locations === undefined ? {} : { locations: error.locations }),
    ...(error.path === undefined ? {} : { path: error.path }),
  };
  const code = error.extensions?.["code"];
  if (typeof code !== "string" || unexpectedCodes.has(code)) {
    const requestId = randomUUID();
    const subgraph = error.extensions?.["serviceName"];
    log.error({ requestId, subgraph, path: error.path, error: error.message }, "unexpected error");
    const { meaning, retryable } = errorCodes.INTERNAL_SERVER_ERROR;
    return { message: meaning, ...place, extensions: { code: "INTERNAL_SERVER_ERROR", retryable, requestId } };
  }
  const shown = Object.entries(error.extensions ?? {}).filter(([name]) => !hiddenExtensions.has(name));
  const retryable = error.extensions?.["retryable"] ?? knownCodes[code]?.retryable ?? false;
  return { message: error.message, ...place, extensions: { ...Object.fromEntries(shown), code, retryable } };
}
