import type { Schema } from "@apollo/federation-internals";

/** What `@resumable(argument:, cursorPath:, finalCodes:)` says about a subscription field. */
export interface ResumableField {
  /** The field's argument that takes the cursor after which to go on. */
  argument: string;
  /** Response path of the cursor below the field. */
  cursorPath: readonly string[];
  /** Codes that end the stream for good, even when the error says it is retryable. */
  finalCodes: ReadonlySet<string>;
}

/**
 * Reads the directive from a supergraph. It is known by the identity of the feature that brought it
 * (`@link(url: "<identity>/v1.0")`), whatever name or import alias the schema's authors gave it.
 * Needs the subgraph to name it in `@composeDirective`, else composition drops it.
 */
export function readResumableFields(supergraph: Schema, featureIdentity: string): Map<string, ResumableField> {
  const fields = new Map<string, ResumableField>();
  const feature = supergraph.coreFeatures?.getByIdentity(featureIdentity);
  const root = supergraph.schemaDefinition.rootType("subscription");
  if (feature === undefined || root === undefined) return fields;
  const directive = feature.directiveNameInSchema("resumable");
  for (const field of root.fields()) {
    const [applied] = field.appliedDirectivesOf(directive);
    if (applied === undefined) continue;
    const { argument, cursorPath, finalCodes } = applied.arguments() as Record<string, unknown>;
    if (typeof argument !== "string" || typeof cursorPath !== "string") continue;
    fields.set(field.name, {
      argument,
      cursorPath: cursorPath.split("."),
      finalCodes: new Set(Array.isArray(finalCodes) ? (finalCodes as string[]) : []),
    });
  }
  return fields;
}
