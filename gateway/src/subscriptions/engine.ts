import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { GraphQLError, getVariableValues, parse, print } from "graphql";
import type { DocumentNode, ExecutionResult, GraphQLSchema } from "graphql";
import { SubscriptionError, withCode } from "./errors.ts";
import { executeEvent } from "./event-execution.ts";
import { buildGraph } from "./graph.ts";
import type { Graph } from "./graph.ts";
import { resolveOptions } from "./options.ts";
import type { SubscriptionEngineOptions } from "./options.ts";
import { PlanCache } from "./plan-cache.ts";
import { compilePlan } from "./plan.ts";
import type { SubscriptionPlan } from "./plan.ts";
import { validateDocument } from "./refusals.ts";
import { firstCursor } from "./resumption.ts";
import { openStream } from "./stream.ts";
import type { SubscriptionStream } from "./stream.ts";
import { createUpstreamSockets } from "./upstream-sockets.ts";
import { openUpstreamStream } from "./upstream-stream.ts";

export interface SubscribeRequest<Context extends object> {
  /** Parsed, or text: then it is parsed within limits.documentTokens. */
  document: DocumentNode | string;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
  /** Goes to `credentials` and, as `context`, to the data sources of joins. */
  context: Context;
}

export interface SubscriptionEngine<Context extends object> {
  /** The API schema: what clients see. */
  readonly schema: GraphQLSchema;
  /** Streams now running. */
  readonly streams: number;
  /** Sockets to subgraphs now open or opening. */
  readonly sockets: number;
  /** Errors with codes, none when it is valid. Never throws, also where graphql 16's own validate does. For any operation. */
  validate(document: DocumentNode): readonly GraphQLError[];
  /** Starts a subscription: a stream, or a result with errors when it was refused. Never rejects. */
  subscribe(request: SubscribeRequest<Context>): Promise<SubscriptionStream<Context> | ExecutionResult>;
  /** New subscriptions use the new supergraph; running ones go on as they were planned. Throws for an invalid supergraph. */
  replaceSupergraph(supergraphSdl: string): void;
  /**
   * Ends every stream with `error` (default ENGINE_STOPPED, retryable) and its cursor, spread at random over spreadMs
   * (milliseconds, default 0) so that not all clients come back at once; then closes the sockets. Later subscriptions
   * are refused at once.
   */
  stop(options?: { error?: GraphQLError; spreadMs?: number }): Promise<void>;
}

/** The part of the plan cache that one document may take: 32 KiB of 4 MiB. */
const largestShare = 128;

/** True for a stream, false for a refusal. */
export function isStream<Context extends object>(
  result: SubscriptionStream<Context> | ExecutionResult,
): result is SubscriptionStream<Context> {
  return Symbol.asyncIterator in result;
}

function asErrors(error: unknown): readonly GraphQLError[] {
  if (error instanceof SubscriptionError) return [error];
  if (error instanceof GraphQLError) return [withCode(error, "PLAN_FAILED")];
  return [new SubscriptionError("PLAN_FAILED", "The operation could not be planned.")];
}

/**
 * Subscriptions over a federated graph: each runs in the subgraph that has the field, its events are joined with the
 * other subgraphs as Apollo Gateway would, and a field marked @resumable survives the loss of its subgraph.
 * @throws TypeError for options that cannot be; what federation throws for an invalid supergraph
 */
export function createSubscriptionEngine<Context extends object = Record<string, unknown>>(
  options: SubscriptionEngineOptions<Context>,
): SubscriptionEngine<Context> {
  const resolved = resolveOptions(options);
  const { limits, upstream, log, emit } = resolved;
  const sockets = createUpstreamSockets({ upstream, log, emit });
  const plans = new PlanCache<SubscriptionPlan>(limits.planCacheEntries, limits.planCacheBytes);
  const streams = new Set<SubscriptionStream<Context>>();
  const build = (sdl: string): Graph =>
    buildGraph(sdl, options.subgraphs ?? {}, options.dataSource, limits.joinTimeoutMs, resolved.resumableFeature);
  let graph = build(options.supergraphSdl);
  let stopping: GraphQLError | undefined;

  /** Only what passed validation is ever cached, so a hit needs neither parsing nor validation. */
  function planOf(document: DocumentNode | string, operationName: string | undefined): SubscriptionPlan {
    const text = typeof document === "string" ? document : print(document);
    const key = createHash("sha256")
      .update(operationName ?? "")
      .update("\0")
      .update(text)
      .digest("base64");
    const cached = plans.get(key);
    if (cached !== undefined) {
      emit({ type: "planCacheHit", field: cached.field.name });
      return cached;
    }
    const startedMs = performance.now();
    let parsed: DocumentNode;
    try {
      parsed = typeof document === "string" ? parse(document, { maxTokens: limits.documentTokens }) : document;
    } catch (error) {
      throw withCode(error as GraphQLError, "GRAPHQL_PARSE_FAILED");
    }
    const errors = validateDocument(graph.schema, parsed);
    if (errors.length > 0) throw new Refused(errors);
    // Errors tell locations; what is kept has none, for they hold all tokens and the text.
    const kept = typeof document === "string" ? parse(document, { noLocation: true }) : document;
    const plan = compilePlan(graph, kept, operationName, log);
    // A plan holds its document several times over. What is this large is nobody's everyday operation.
    const bytes = Buffer.byteLength(text);
    if (bytes <= limits.planCacheBytes / largestShare) plans.set(key, plan, bytes);
    const durationMs = performance.now() - startedMs;
    const resumable = plan.resumption !== undefined;
    emit({ type: "planned", field: plan.field.name, durationMs, joins: !plan.direct, resumable });
    return plan;
  }

  function start(request: SubscribeRequest<Context>): SubscriptionStream<Context> | ExecutionResult {
    if (stopping !== undefined) return { errors: [stopping] };
    const plan = planOf(request.document, request.operationName || undefined);
    const variables = request.variables ?? {};
    const definitions = plan.operationDefinition.variableDefinitions ?? [];
    const coerced = getVariableValues(plan.graph.schema, definitions, variables, { maxErrors: 50 });
    if (coerced.errors) return { errors: coerced.errors.map((error) => withCode(error, "BAD_USER_INPUT")) };
    const { queueFrames, queueBytes, joinsAhead } = limits;
    const stream = openStream<Context>({
      plan,
      context: request.context,
      firstCursor:
        plan.resumption && firstCursor(plan.field, plan.rootField, plan.resumption.argument, coerced.coerced),
      queueFrames,
      queueBytes,
      joinsAhead,
      execute: (event, context) => executeEvent(plan, event, variables, context, log),
      open: (context, on) =>
        openUpstreamStream({
          ...on,
          plan,
          variables,
          sockets,
          credentials: async () => upstream.credentials(context(), plan.subgraph),
          retry: upstream.retry,
          maxOperationBytes: upstream.maxOperationBytes,
          log,
          emit,
        }),
      emit,
      onClosed: () => streams.delete(stream),
    });
    streams.add(stream);
    emit({ type: "subscribed", field: stream.field, subgraph: plan.subgraph });
    return stream;
  }

  return {
    get schema() {
      return graph.schema;
    },
    get streams() {
      return streams.size;
    },
    get sockets() {
      return sockets.size;
    },
    validate: (document) => validateDocument(graph.schema, document),
    async subscribe(request) {
      try {
        return start(request);
      } catch (error) {
        if (error instanceof Refused) return { errors: error.errors };
        if (!(error instanceof GraphQLError)) log.error({ err: error }, "a subscription could not be started");
        return { errors: asErrors(error) };
      }
    },
    replaceSupergraph(supergraphSdl) {
      graph = build(supergraphSdl);
      plans.clear();
    },
    async stop({ error, spreadMs = 0 } = {}) {
      const retryable = { retryable: true };
      stopping =
        error ?? new SubscriptionError("ENGINE_STOPPED", "The gateway is going away; subscribe again.", retryable);
      const reason = stopping;
      await Promise.all(
        [...streams].map(async (stream) => {
          if (spreadMs > 0) await sleep(Math.random() * spreadMs);
          stream.end(reason);
        }),
      );
      sockets.close();
      plans.clear();
    },
  };
}

/** Several errors at once, on their way out of planOf. */
class Refused extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super("refused");
    this.errors = errors;
  }
}
