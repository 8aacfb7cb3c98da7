import { Kind, OperationTypeNode, type DocumentNode } from "graphql";

/**
 * Whether any operation of the document is a subscription, chosen or not. graphql 16's validate() throws on some of
 * those, so they are validated by the engine before Apollo Server sees them.
 */
export function holdsSubscription(document: DocumentNode): boolean {
  return document.definitions.some(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION && definition.operation === OperationTypeNode.SUBSCRIPTION,
  );
}
