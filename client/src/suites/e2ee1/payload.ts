import { decodeContent, encodeContent, type Content } from "../../content.ts";
import { SuiteError } from "../errors.ts";
import type { SealInput } from "../suite.ts";
import { suiteName } from "./algorithms.ts";

/** What the sender signs. Naming the recipients keeps one of them from passing it on as if it were meant for others. */
export interface Payload {
  readonly suite: string;
  readonly messageId: string;
  readonly conversationId: string;
  readonly senderUser: string;
  readonly senderDevice: string;
  /** Sorted. */
  readonly recipientDevices: readonly string[];
  /** RFC 3339. */
  readonly time: string;
  readonly content: Content;
}

export function encodePayload(input: SealInput): Uint8Array {
  const { messageId, conversationId, senderUser, senderDevice, time } = input;
  const recipientDevices = input.recipients.map((recipient) => recipient.deviceId).sort();
  const content = encodeContent(input.content);
  return new TextEncoder().encode(
    JSON.stringify({
      suite: suiteName,
      messageId,
      conversationId,
      senderUser,
      senderDevice,
      recipientDevices,
      time,
      content,
    }),
  );
}

/** @throws SuiteError MALFORMED */
export function decodePayload(bytes: Uint8Array): Payload {
  const value = parseJson(bytes, "payload");
  const text = (name: string): string => {
    const field = value[name];
    if (typeof field !== "string") throw new SuiteError("MALFORMED", `payload: ${name}`);
    return field;
  };
  const recipientDevices = value["recipientDevices"];
  if (!Array.isArray(recipientDevices) || !recipientDevices.every((id) => typeof id === "string")) {
    throw new SuiteError("MALFORMED", "payload: recipientDevices");
  }
  const time = text("time");
  if (Number.isNaN(Date.parse(time))) throw new SuiteError("MALFORMED", "payload: time");
  const content = decodeContent(value["content"]);
  if (content === undefined) throw new SuiteError("MALFORMED", "payload: content");
  return {
    suite: text("suite"),
    messageId: text("messageId"),
    conversationId: text("conversationId"),
    senderUser: text("senderUser"),
    senderDevice: text("senderDevice"),
    recipientDevices,
    time,
    content,
  };
}

/** A JSON object from UTF-8. @throws SuiteError MALFORMED */
export function parseJson(bytes: Uint8Array, part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new SuiteError("MALFORMED", `${part}: not JSON`, error);
  }
  throw new SuiteError("MALFORMED", `${part}: not an object`);
}
