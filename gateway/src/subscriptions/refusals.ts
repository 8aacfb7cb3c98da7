import { Kind, validate, visit } from "graphql";
import type {
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLError,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionNode,
  SelectionSetNode,
} from "graphql";
import { SubscriptionError, withCode } from "./errors.ts";

/** Every selection at the root of an operation: fields, and the fragments around them. Safe on documents not yet validated. */
export function* rootSelections(document: DocumentNode, operation: OperationDefinitionNode): Generator<SelectionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  // Fragments may still be cyclic here: each is entered once.
  const waiting: SelectionSetNode[] = [operation.selectionSet];
  for (let set = waiting.shift(); set !== undefined; set = waiting.shift()) {
    for (const selection of set.selections) {
      yield selection;
      if (selection.kind === Kind.INLINE_FRAGMENT) waiting.push(selection.selectionSet);
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(selection.name.value);
        fragments.delete(selection.name.value);
        if (fragment !== undefined) waiting.push(fragment.selectionSet);
      }
    }
  }
}

export function rootFields(document: DocumentNode, operation: OperationDefinitionNode): FieldNode[] {
  return [...rootSelections(document, operation)].filter((selection) => selection.kind === Kind.FIELD);
}

function refuseSubscription(document: DocumentNode, operation: OperationDefinitionNode): GraphQLError | undefined {
  const names = new Set<string>();
  for (const selection of rootSelections(document, operation)) {
    const condition = selection.directives?.find(({ name }) => name.value === "skip" || name.value === "include");
    // graphql 16's SingleFieldSubscriptionsRule evaluates these without variables and throws; the specification's
    // next edition forbids them here (graphql-spec #860), since a subscription without its field means nothing.
    if (condition !== undefined) {
      return new SubscriptionError(
        "SUBSCRIPTION_ROOT_CONDITION",
        "@skip and @include are not allowed at the root of a subscription.",
        { nodes: condition },
      );
    }
    if (selection.kind === Kind.FIELD) names.add((selection.alias ?? selection.name).value);
    if (names.size > 1) {
      return new SubscriptionError("SUBSCRIPTION_ROOT_FIELDS", "A subscription must have exactly one root field.", {
        nodes: selection,
      });
    }
  }
  return undefined;
}

/** Refuses what cannot be run, before graphql-js's own validation sees it. */
function refuse(document: DocumentNode): GraphQLError | undefined {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION || definition.operation !== "subscription") continue;
    const refusal = refuseSubscription(document, definition);
    if (refusal !== undefined) return refusal;
  }
  let incremental: GraphQLError | undefined;
  visit(document, {
    Directive(node) {
      if (node.name.value !== "defer" && node.name.value !== "stream") return;
      incremental ??= new SubscriptionError(
        "INCREMENTAL_DELIVERY_UNSUPPORTED",
        `@${node.name.value} is not supported.`,
        {
          nodes: node,
        },
      );
    },
  });
  return incremental;
}

/** Errors reported for one document. */
const maxErrors = 50;

/** graphql-js's validation behind our own refusals; never throws, each error has a code. Empty: the document is valid. */
export function validateDocument(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  try {
    const refusal = refuse(document);
    if (refusal !== undefined) return [refusal];
    return validate(schema, document, undefined, { maxErrors }).map((error) =>
      withCode(error, "GRAPHQL_VALIDATION_FAILED"),
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : "The document could not be validated.";
    return [new SubscriptionError("GRAPHQL_VALIDATION_FAILED", message)];
  }
}
