import { operationFromDocument } from "@apollo/federation-internals";
import type { Operation } from "@apollo/federation-internals";
import type { QueryPlan } from "@apollo/query-planner";
import { buildOperationContext } from "@apollo/gateway";
import { GraphQLError, Kind, getNullableType, print } from "graphql";
import type { DocumentNode, FieldNode, GraphQLField, OperationDefinitionNode } from "graphql";
import { SubscriptionError } from "./errors.ts";
import { EVENT_SERVICE } from "./event-service.ts";
import type { Graph } from "./graph.ts";
import type { EngineLog } from "./options.ts";
import { rootFields } from "./refusals.ts";
import type { ResumableField } from "./resumable-directive.ts";
import { resumeOperation, selectCursor, unusedPrefix, withCursor } from "./resumption.ts";
import type { CursorSelection, ResumeOperation } from "./resumption.ts";

/** What makes a stream resumable. */
export interface Resumption extends ResumableField {
  cursor: CursorSelection;
  operation: ResumeOperation;
}

/** A client's operation, compiled once for every stream and event that runs it. */
export interface SubscriptionPlan {
  graph: Graph;
  document: DocumentNode;
  /** The document as text. */
  source: string;
  /** What the client wrote: the response is shaped by it, so whatever the engine added falls out. */
  operation: Operation;
  operationContext: ReturnType<typeof buildOperationContext>;
  operationDefinition: OperationDefinitionNode;
  field: GraphQLField<unknown, unknown>;
  /** The client's root field, without what the engine adds. */
  rootField: FieldNode;
  responseName: string;
  /** The subgraph that has the stream, and what it is sent. */
  subgraph: string;
  upstream: { query: string; operationName: string | undefined; variableUsages: readonly string[] };
  /** What runs for each event: the event as the answer of a pseudo service, then the joins. */
  eventPlan: QueryPlan;
  /** No join and nothing to rename: an event is only shaped. */
  direct: boolean;
  resumption: Resumption | undefined;
}

/** The operation to run. Errors: OPERATION_RESOLUTION_FAILURE, NOT_A_SUBSCRIPTION. */
export function selectOperation(document: DocumentNode, operationName: string | undefined): OperationDefinitionNode {
  const operations = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  const named = operationName ? operations.filter((each) => each.name?.value === operationName) : operations;
  const [operation, another] = named;
  if (operation === undefined) {
    const message = operationName ? `Unknown operation named "${operationName}".` : "Must provide an operation.";
    throw new SubscriptionError("OPERATION_RESOLUTION_FAILURE", message);
  }
  if (another !== undefined) {
    const message = "Must provide operation name if query contains multiple operations.";
    throw new SubscriptionError("OPERATION_RESOLUTION_FAILURE", message);
  }
  if (operation.operation !== "subscription") {
    throw new SubscriptionError("NOT_A_SUBSCRIPTION", `This is a ${operation.operation}, not a subscription.`);
  }
  return operation;
}

function planSubscription(graph: Graph, operation: Operation) {
  let node;
  try {
    ({ node } = graph.planner.buildQueryPlan(operation));
  } catch (error) {
    // Such as the planner's own limits on recursive selections: the client's operation, not our fault.
    const message = error instanceof GraphQLError ? error.message : "The operation could not be planned.";
    throw new SubscriptionError("PLAN_FAILED", message, { originalError: error as Error });
  }
  if (node?.kind !== "Subscription")
    throw new SubscriptionError("PLAN_FAILED", "The operation has no subscription plan.");
  return node;
}

/**
 * Compiles a validated document. A few milliseconds, so its result is cached.
 * @throws SubscriptionError OPERATION_RESOLUTION_FAILURE, NOT_A_SUBSCRIPTION, PLAN_FAILED; GraphQLError of the planner
 */
export function compilePlan(
  graph: Graph,
  document: DocumentNode,
  operationName: string | undefined,
  log: EngineLog,
): SubscriptionPlan {
  const definition = selectOperation(document, operationName);
  const named = operationName ? { operationName } : {};
  const operation = operationFromDocument(graph.apiSchema, document, named);
  const [rootField] = rootFields(document, definition);
  const field = graph.schema.getSubscriptionType()?.getFields()[rootField?.name.value ?? ""];
  if (rootField === undefined || field === undefined)
    throw new SubscriptionError("PLAN_FAILED", "The subscription has no root field.");

  const resumable = graph.resumable.get(field.name);
  const source = print(document);
  const prefix = unusedPrefix(source);
  const cursorArgument = field.args.find((each) => each.name === resumable?.argument);
  let cursor = resumable && cursorArgument && selectCursor(graph.schema, field.type, resumable.cursorPath, prefix);
  if (resumable !== undefined && cursor === undefined) {
    log.warn({ field: field.name }, "@resumable names an argument or a cursor path that the field does not have");
  }
  const planned = cursor
    ? operationFromDocument(graph.apiSchema, withCursor(document, definition, rootField, cursor), named)
    : operation;
  const { primary, rest } = planSubscription(graph, planned);
  if (cursor?.aliases.some((alias) => !primary.operation.includes(alias))) {
    log.warn({ field: field.name }, "the cursor of a @resumable field is not in the subgraph of its stream");
    cursor = undefined;
  }
  const event = { ...primary, serviceName: EVENT_SERVICE };
  return {
    graph,
    document,
    source,
    operation,
    operationContext: buildOperationContext({ schema: graph.schema, operationDocument: document, ...named }),
    operationDefinition: definition,
    field,
    rootField,
    responseName: (rootField.alias ?? rootField.name).value,
    subgraph: primary.serviceName,
    upstream: {
      query: primary.operation,
      operationName: primary.operationName,
      variableUsages: primary.variableUsages ?? [],
    },
    eventPlan: {
      kind: "QueryPlan",
      node: rest === undefined ? event : { kind: "Sequence", nodes: [event, rest] },
    },
    direct: rest === undefined && !primary.outputRewrites?.length,
    resumption:
      resumable && cursor && cursorArgument
        ? {
            ...resumable,
            cursor,
            operation: resumeOperation(
              primary.operation,
              resumable,
              // Nullable or not is the subgraph's matter: a cursor is never null, so the stricter type fits both.
              `${getNullableType(cursorArgument.type).toString()}!`,
              prefix,
            ),
          }
        : undefined,
  };
}
