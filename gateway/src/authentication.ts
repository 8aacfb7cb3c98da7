/** Who may run what: everything needs a verified token, but questions about the schema alone. */
import type { ApolloServerPlugin } from "@apollo/server";
import { DomainError } from "@sealgraph/platform/errors.ts";
import type { TokenVerifier } from "@sealgraph/platform/tokens.ts";
import {
  Kind,
  OperationTypeNode,
  type DocumentNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import { gatewayError, refusalOf } from "./errors.ts";
import type { RequestContext } from "./request-context.ts";

/** Verifies what came as `authorization`. A refusal is kept, not thrown: it depends on the operation whether it matters. */
export async function authenticate(
  tokens: TokenVerifier | undefined,
  authorization: string | undefined,
): Promise<RequestContext> {
  if (authorization === undefined || authorization === "") return {};
  if (tokens === undefined) return { authorization };
  try {
    return { authorization, caller: await tokens.verify(authorization) };
  } catch (error) {
    return { refusal: refusalOf(error) };
  }
}

/** The error that keeps this operation from running, if any. */
export function refusalFor(
  context: RequestContext,
  document: DocumentNode,
  operation: OperationDefinitionNode | null | undefined,
) {
  if (context.caller !== undefined) return undefined;
  if (operation && isPureIntrospection(document, operation)) return undefined;
  return context.refusal ?? refusalOf(new DomainError("UNAUTHENTICATED"));
}

const introspectionFields: ReadonlySet<string> = new Set(["__schema", "__type", "__typename"]);

/** A query whose root fields, through all fragments, are about the schema. */
export function isPureIntrospection(document: DocumentNode, operation: OperationDefinitionNode): boolean {
  if (operation.operation !== OperationTypeNode.QUERY) return false;
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition.selectionSet);

  const visited = new Set<string>();
  const holds = ({ selections }: SelectionSetNode): boolean =>
    selections.every((selection) => {
      if (selection.kind === Kind.FIELD) return introspectionFields.has(selection.name.value);
      if (selection.kind === Kind.INLINE_FRAGMENT) return holds(selection.selectionSet);
      if (visited.has(selection.name.value)) return true;
      visited.add(selection.name.value);
      const fragment = fragments.get(selection.name.value);
      return fragment !== undefined && holds(fragment);
    });
  return holds(operation.selectionSet);
}

/** Stands before every query and mutation, over HTTP and over WebSockets alike. */
export function authenticationPlugin(required: boolean): ApolloServerPlugin<RequestContext> {
  return {
    requestDidStart: async () => ({
      didResolveOperation: async ({ document, operation, contextValue }) => {
        const refusal = required ? refusalFor(contextValue, document, operation) : undefined;
        if (refusal !== undefined) throw refusal;
        if (!operation) throw gatewayError("OPERATION_RESOLUTION_FAILURE");
        if (operation.operation === OperationTypeNode.SUBSCRIPTION) throw gatewayError("SUBSCRIPTIONS_NEED_WEBSOCKET");
      },
    }),
  };
}
