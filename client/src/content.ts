/**
 * What a message says: a versioned, typed JSON format. A type that this client doesn't know is kept and shown as such,
 * never dropped, so that an older client tells its user that there is something it cannot show.
 */
export type Content = TextContent | UnknownContent;

export interface TextContent {
  readonly type: "text";
  readonly text: string;
}

export interface UnknownContent {
  readonly type: "unknown";
  /** The type and version that the sender named. */
  readonly named: { readonly type: string; readonly v: number };
  /** The content as it came. */
  readonly value: Readonly<Record<string, unknown>>;
}

/** The format's version that this client writes. */
const version = 1;

export function textContent(text: string): TextContent {
  return { type: "text", text };
}

/** As it travels. Unknown content travels as it came. */
export function encodeContent(content: Content): Readonly<Record<string, unknown>> {
  return content.type === "text" ? { v: version, type: "text", text: content.text } : content.value;
}

/** Undefined when the value names neither a type nor a version; those of later versions are unknown, not wrong. */
export function decodeContent(value: unknown): Content | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const fields = value as Record<string, unknown>;
  const { v, type, text } = fields;
  if (typeof v !== "number" || !Number.isSafeInteger(v) || typeof type !== "string") return undefined;
  if (v === version && type === "text" && typeof text === "string") return textContent(text);
  return { type: "unknown", named: { type, v }, value: fields };
}

/** One line for a person. */
export function describeContent(content: Content): string {
  if (content.type === "text") return content.text;
  return `[a message of type "${content.named.type}" (version ${content.named.v}), which this client cannot show]`;
}
