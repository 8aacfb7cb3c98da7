import { executeQueryPlan } from "@apollo/gateway";
import type { GraphQLDataSource, ServiceMap } from "@apollo/gateway";
// Not exported by the package's index: how Apollo Gateway itself shapes a response (nulls, `valueCompletion`).
import { computeResponse } from "@apollo/gateway/dist/resultShaping.js";
import { GraphQLError } from "graphql";
import type { ExecutionResult, GraphQLFormattedError } from "graphql";
import { SubscriptionError } from "./errors.ts";
import { EVENT_SERVICE } from "./event-service.ts";
import type { EngineLog } from "./options.ts";
import type { SubscriptionPlan } from "./plan.ts";

/** A subgraph's error as Apollo Gateway passes it on: its own extensions, serviceName, and a code. */
export function subgraphError(error: GraphQLFormattedError, subgraph: string): GraphQLError {
  const { message, path, extensions } = error;
  return new GraphQLError(message || `Error while fetching subquery from service "${subgraph}"`, {
    path: path ?? null,
    extensions: { code: "DOWNSTREAM_SERVICE_ERROR", ...extensions, serviceName: subgraph },
  });
}

function withoutEventService(error: GraphQLError, subgraph: string): GraphQLError {
  if (error.extensions?.["serviceName"] !== EVENT_SERVICE && !error.message?.includes(EVENT_SERVICE)) return error;
  return new GraphQLError(error.message.replaceAll(EVENT_SERVICE, subgraph), {
    nodes: error.nodes ?? null,
    path: error.path ?? null,
    extensions: { ...error.extensions, serviceName: subgraph },
  });
}

/** One event as its subgraph sent it. */
export interface EventPayload {
  data?: Record<string, unknown> | null;
  errors?: readonly GraphQLFormattedError[];
  extensions?: Record<string, unknown>;
}

function shape(
  plan: SubscriptionPlan,
  data: Record<string, unknown>,
  variables: Record<string, unknown>,
): ExecutionResult {
  const response = computeResponse({
    operation: plan.operation,
    variables,
    input: data,
    // __schema and __type exist at the root only, and validation refuses them at the root of a subscription.
    introspectionHandling: () => null,
  });
  return response.errors.length > 0
    ? { data: response.data ?? null, extensions: { valueCompletion: response.errors } }
    : { data: response.data ?? null };
}

async function join(
  plan: SubscriptionPlan,
  event: EventPayload,
  variables: Record<string, unknown>,
  context: object,
  log: EngineLog,
): Promise<ExecutionResult> {
  const answer: GraphQLDataSource = {
    process: () => Promise.resolve({ data: event.data ?? null, ...(event.errors ? { errors: event.errors } : {}) }),
  };
  const services: ServiceMap = Object.assign(Object.create(null), plan.graph.dataSources, { [EVENT_SERVICE]: answer });
  const operationName = plan.operationDefinition.name?.value;
  const requestContext = {
    logger: {
      debug: (message: unknown) => log.debug({}, String(message)),
      info: (message: unknown) => log.info({}, String(message)),
      warn: (message: unknown) => log.warn({}, String(message)),
      error: (message: unknown) => log.error({}, String(message)),
    },
    request: { query: plan.source, variables, ...(operationName === undefined ? {} : { operationName }) },
    schema: plan.graph.schema,
    context,
    document: plan.document,
    source: plan.source,
    operationName: operationName ?? null,
    operation: plan.operationDefinition,
    // executeQueryPlan notes the paths of errors here and relies on its being there.
    metrics: {},
    overallCachePolicy: {},
  };
  const result = await executeQueryPlan(
    plan.eventPlan,
    services,
    // schemaHash, queryHash and cache are Apollo Server's; neither executeQueryPlan nor RemoteGraphQLDataSource reads them.
    requestContext as unknown as Parameters<typeof executeQueryPlan>[2],
    plan.operationContext,
    plan.graph.supergraphSchema,
    plan.graph.apiSchema,
  );
  if (result.errors === undefined) return result;
  return { ...result, errors: result.errors.map((error) => withoutEventService(error, plan.subgraph)) };
}

function failed(plan: SubscriptionPlan, error: unknown, log: EngineLog): ExecutionResult {
  log.error({ err: error, field: plan.field.name }, "an event could not be executed");
  const path = [plan.responseName];
  return { data: null, errors: [new SubscriptionError("EVENT_FAILED", "This event could not be executed.", { path })] };
}

/**
 * The response for one event, as stock Apollo Gateway would shape it for the equivalent query: at once when there is
 * nothing to join, else through executeQueryPlan. Never throws or rejects: an event that cannot be executed is an
 * EVENT_FAILED error in its place.
 */
export function executeEvent(
  plan: SubscriptionPlan,
  event: EventPayload,
  variables: Record<string, unknown>,
  context: object,
  log: EngineLog,
): ExecutionResult | Promise<ExecutionResult> {
  try {
    if (plan.direct && event.data && !event.errors?.length) return shape(plan, event.data, variables);
    return join(plan, event, variables, context, log).catch((error: unknown) => failed(plan, error, log));
  } catch (error) {
    return failed(plan, error, log);
  }
}
