import { GraphQLError } from "graphql";
import type { GraphQLErrorOptions } from "graphql";

/**
 * Every code the engine itself puts in `extensions.code`. Errors of subgraphs keep their own codes.
 *
 * Refused before anything runs: GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED, OPERATION_RESOLUTION_FAILURE,
 * NOT_A_SUBSCRIPTION, SUBSCRIPTION_ROOT_CONDITION, SUBSCRIPTION_ROOT_FIELDS, INCREMENTAL_DELIVERY_UNSUPPORTED,
 * BAD_USER_INPUT, PLAN_FAILED.
 * Ending a stream: OPERATION_TOO_LARGE, LAGGED, UPSTREAM_LOST, UPSTREAM_REFUSED, STREAM_INTERRUPTED, CREDENTIALS_FAILED, ENGINE_STOPPED.
 * In place of one frame, the stream goes on: EVENT_FAILED. Beside a frame's partial data: JOIN_TIMED_OUT.
 */
export type SubscriptionErrorCode =
  | "GRAPHQL_PARSE_FAILED"
  | "GRAPHQL_VALIDATION_FAILED"
  | "OPERATION_RESOLUTION_FAILURE"
  | "NOT_A_SUBSCRIPTION"
  | "SUBSCRIPTION_ROOT_CONDITION"
  | "SUBSCRIPTION_ROOT_FIELDS"
  | "INCREMENTAL_DELIVERY_UNSUPPORTED"
  | "BAD_USER_INPUT"
  | "PLAN_FAILED"
  | "OPERATION_TOO_LARGE"
  | "LAGGED"
  | "UPSTREAM_LOST"
  | "UPSTREAM_REFUSED"
  | "STREAM_INTERRUPTED"
  | "CREDENTIALS_FAILED"
  | "ENGINE_STOPPED"
  | "EVENT_FAILED"
  | "JOIN_TIMED_OUT";

/** An error made by the engine: `extensions.code` is one of SubscriptionErrorCode, `extensions.retryable` is always there. */
export class SubscriptionError extends GraphQLError {
  readonly code: SubscriptionErrorCode;

  constructor(
    code: SubscriptionErrorCode,
    message: string,
    options: GraphQLErrorOptions & { retryable?: boolean; cursor?: unknown } = {},
  ) {
    const { retryable = false, cursor, extensions, ...rest } = options;
    super(message, {
      ...rest,
      extensions: { ...extensions, code, retryable, ...(cursor === undefined ? {} : { cursor }) },
    });
    this.code = code;
    this.name = "SubscriptionError";
  }
}

/** The same error under an engine's code: how graphql-js's parse, validation and coercion errors are passed on. */
export function withCode(error: GraphQLError, code: SubscriptionErrorCode): GraphQLError {
  if (error instanceof SubscriptionError) return error;
  return new SubscriptionError(code, error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: error.extensions,
  });
}
