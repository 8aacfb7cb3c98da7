/** What a client sees of an error: a message without secrets, `extensions.code` and `extensions.retryable`. */
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { DomainError, errorCodes, type ErrorCode } from "./errors.ts";
import type { Log } from "./log.ts";

/** Codes of graphql and Apollo themselves, which say what the caller did wrong and hold nothing secret. */
const requestCodes = new Set(["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "BAD_REQUEST"]);

const unauthenticated: ReadonlySet<ErrorCode> = new Set([
  "UNAUTHENTICATED",
  "TOKEN_EXPIRED",
  "TOKEN_AUDIENCE",
  "TOKEN_INVALID",
]);

/** A domain error as GraphQL speaks it; where it refuses a token, with HTTP status 401. */
export function toGraphQLError(error: DomainError): GraphQLError {
  const http = unauthenticated.has(error.code) ? { http: { status: 401 } } : {};
  return new GraphQLError(error.message, {
    extensions: { ...error.detail, code: error.code, retryable: error.retryable, ...http },
    originalError: error,
  });
}

/** What was thrown, without GraphQL's wrapping. */
function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof GraphQLError && root.originalError !== undefined && root.originalError !== null)
    root = root.originalError;
  return root;
}

/** Keeps domain errors and the caller's own mistakes; everything else is logged and hidden. */
export function formatError(formatted: GraphQLFormattedError, error: unknown, log: Log): GraphQLFormattedError {
  const root = rootOf(error);
  const place = {
    ...(formatted.locations === undefined ? {} : { locations: formatted.locations }),
    ...(formatted.path === undefined ? {} : { path: formatted.path }),
  };
  if (root instanceof DomainError) {
    const { code, retryable, detail, message, cause } = root;
    // The client is told what it may do; the operator, what it came from.
    if (cause !== undefined && retryable)
      log.warn({ code, cause: cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause) }, message);
    return { message, ...place, extensions: { ...detail, code, retryable } };
  }
  // Made by graphql itself from the request (syntax, validation, coercion of variables): no code of ours threw.
  const code = formatted.extensions?.["code"];
  if (typeof code === "string" && requestCodes.has(code))
    return { message: formatted.message, ...place, extensions: { code, retryable: false } };
  if (error instanceof GraphQLError && root === error && formatted.path === undefined)
    return { message: formatted.message, ...place, extensions: { code: "BAD_USER_INPUT", retryable: false } };
  log.error({ error: root instanceof Error ? (root.stack ?? root.message) : String(root) }, "unexpected error");
  const { meaning, retryable } = errorCodes.INTERNAL_SERVER_ERROR;
  return { message: meaning, ...place, extensions: { code: "INTERNAL_SERVER_ERROR", retryable } };
}
