import {
  Kind,
  OperationTypeNode,
  getArgumentValues,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  parse,
  parseType,
  print,
  visit,
} from "graphql";
import type {
  DocumentNode,
  FieldNode,
  GraphQLField,
  GraphQLObjectType,
  GraphQLOutputType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionNode,
} from "graphql";
import type { ResumableField } from "./resumable-directive.ts";
import { rootFields } from "./refusals.ts";

const name = (value: string) => ({ kind: Kind.NAME, value }) as const;

/** Where an event carries the cursor, under aliases of our own that no client sees. */
export interface CursorSelection {
  selections: readonly SelectionNode[];
  aliases: readonly string[];
  /** The path below the alias. */
  rest: readonly string[];
}

/** A prefix for aliases and variables that nothing in the document begins with. */
export function unusedPrefix(document: string): string {
  let prefix = "resumeCursor";
  while (document.includes(prefix)) prefix += "_";
  return prefix;
}

/** True when each step of the path is a field of one object without required arguments, and the last is a leaf. */
function hasPath(type: GraphQLOutputType, path: readonly string[]): boolean {
  let current = getNullableType(type);
  for (const step of path) {
    if (!isObjectType(current) && !isInterfaceType(current)) return false;
    const field = current.getFields()[step];
    if (field === undefined || field.args.some((argument) => argument.type.toString().endsWith("!"))) return false;
    current = getNullableType(field.type);
  }
  return !isListType(current) && !isCompositeType(current);
}

function selectPath(alias: string, path: readonly string[]): FieldNode {
  let node: FieldNode | undefined;
  for (const [index, step] of [...path.entries()].toReversed()) {
    node = {
      kind: Kind.FIELD,
      name: name(step),
      ...(index === 0 ? { alias: name(alias) } : {}),
      ...(node === undefined ? {} : { selectionSet: { kind: Kind.SELECTION_SET, selections: [node] } }),
    };
  }
  return node as FieldNode;
}

/**
 * The selections that fetch the cursor on every possible type of the field that has the path: the type itself when it
 * has, else each object type under an alias of its own (equal aliases on types whose fields differ in nullability would
 * not merge, GraphQL specification 5.3.2). Undefined when no type has it.
 */
export function selectCursor(
  schema: GraphQLSchema,
  fieldType: GraphQLOutputType,
  path: readonly string[],
  prefix: string,
): CursorSelection | undefined {
  if (isListType(getNullableType(fieldType))) return undefined;
  const rest = path.slice(1);
  if (hasPath(fieldType, path)) return { selections: [selectPath(prefix, path)], aliases: [prefix], rest };
  const type = getNamedType(fieldType);
  if (!isAbstractType(type)) return undefined;
  const carriers: readonly GraphQLObjectType[] = schema.getPossibleTypes(type).filter((each) => hasPath(each, path));
  if (carriers.length === 0) return undefined;
  const aliases = carriers.map((_, index) => `${prefix}${index}`);
  const selections = carriers.map((carrier, index): SelectionNode => {
    const selection = selectPath(aliases[index] as string, path);
    return {
      kind: Kind.INLINE_FRAGMENT,
      typeCondition: { kind: Kind.NAMED_TYPE, name: name(carrier.name) },
      selectionSet: { kind: Kind.SELECTION_SET, selections: [selection] },
    };
  });
  return { selections, aliases, rest };
}

/** The client's document with the cursor selected too: its root field once more, which merges with the first. */
export function withCursor(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  rootField: FieldNode,
  cursor: CursorSelection,
): DocumentNode {
  const carrier: FieldNode = {
    ...rootField,
    selectionSet: { kind: Kind.SELECTION_SET, selections: cursor.selections },
  };
  const selectionSet = { ...operation.selectionSet, selections: [...operation.selectionSet.selections, carrier] };
  return {
    ...document,
    definitions: document.definitions.map((each) => (each === operation ? { ...operation, selectionSet } : each)),
  };
}

/** The cursor of an event's root value, or undefined when this event has none. */
export function readCursor(root: unknown, cursor: CursorSelection): unknown {
  if (typeof root !== "object" || root === null) return undefined;
  for (const alias of cursor.aliases) {
    let value = (root as Record<string, unknown>)[alias];
    for (const step of cursor.rest) value = (value as Record<string, unknown> | null | undefined)?.[step];
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** The operation that goes on after a cursor. */
export interface ResumeOperation {
  query: string;
  /** The variable that takes the cursor. */
  cursorVariable: string;
  /** The client's variables that are still used. */
  variableUsages: readonly string[];
}

/**
 * Makes the upstream operation resumable: whatever the client gave for the argument (a variable, a literal, nothing) is
 * replaced by a variable of our own, and a variable that nothing else uses is dropped with it.
 */
export function resumeOperation(
  query: string,
  field: ResumableField,
  argumentType: string,
  prefix: string,
): ResumeOperation {
  const document = parse(query, { noLocation: true });
  const operation = document.definitions.find(
    (each) => each.kind === Kind.OPERATION_DEFINITION && each.operation === OperationTypeNode.SUBSCRIPTION,
  ) as OperationDefinitionNode;
  const roots = new Set(rootFields(document, operation));
  const cursorVariable = `${prefix}After`;
  const variable = { kind: Kind.VARIABLE, name: name(cursorVariable) } as const;
  const replaced = visit(document, {
    Field(node) {
      if (!roots.has(node)) return undefined;
      const others = (node.arguments ?? []).filter((each) => each.name.value !== field.argument);
      const after = { kind: Kind.ARGUMENT, name: name(field.argument), value: variable } as const;
      return { ...node, arguments: [...others, after] };
    },
  });
  const used = new Set<string>();
  visit(replaced, {
    VariableDefinition: () => false,
    Variable(node) {
      used.add(node.name.value);
    },
  });
  const resumed = visit(replaced, {
    OperationDefinition(node) {
      const kept = (node.variableDefinitions ?? []).filter((each) => used.has(each.variable.name.value));
      const added = { kind: Kind.VARIABLE_DEFINITION, variable, type: parseType(argumentType) } as const;
      return { ...node, variableDefinitions: [...kept, added] };
    },
  });
  used.delete(cursorVariable);
  return { query: print(resumed), cursorVariable, variableUsages: [...used] };
}

/** The client's own value for the cursor argument, coerced: where a stream is before its first frame. */
export function firstCursor(
  field: GraphQLField<unknown, unknown>,
  rootField: FieldNode,
  argument: string,
  variables: Record<string, unknown>,
): unknown {
  try {
    return getArgumentValues(field, rootField, variables)[argument] ?? null;
  } catch {
    // The subgraph says what is wrong with its arguments.
    return null;
  }
}
