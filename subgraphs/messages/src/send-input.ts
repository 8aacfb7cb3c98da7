/** What makes a SendMessageInput valid, before anything is looked up (DELIVERY rule 1). */
import { z } from "zod";
import { DomainError, type ErrorCode } from "@sealgraph/platform/errors.ts";
import { isUuidV7, uuidV7TimeMs } from "@sealgraph/platform/ids.ts";
import type { SendMessageInput } from "./generated/schema.ts";
import { uuid } from "./uuid.ts";

export interface SendLimits {
  /** Largest body, decoded bytes. */
  readonly maxBodyBytes: number;
  /** Largest header, decoded bytes. */
  readonly maxHeaderBytes: number;
}

/** An id may be so old: one day less than dedupe rows live, so that no row is gone while its id is still taken. */
export const maxIdAgeMs = 30 * 24 * 3_600_000;
/** An id may be so far ahead: what clocks of phones differ by. */
export const maxIdAheadMs = 5 * 60_000;
/** The members of a direct conversation. */
export const maxRecipients = 2;
/** Headers of one recipient; with the size limits it keeps every record under what Kafka takes. */
export const maxHeadersPerRecipient = 50;

const maxDevicesVersion = 2 ** 31 - 1;

/** Codes that a refinement gives to its issue, in place of BAD_USER_INPUT. */
const codeOf = (issue: z.core.$ZodIssue | undefined): ErrorCode => {
  const code: unknown = issue?.code === "custom" ? issue.params?.["code"] : undefined;
  return (code as ErrorCode | undefined) ?? "BAD_USER_INPUT";
};

/** Decoded size of canonical base64url without padding, else undefined (RFC 4648 §3.5: spare bits must be zero). */
export function base64urlBytes(text: string): number | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  const spare = text.length % 4;
  if (spare === 1) return undefined;
  if (spare !== 0) {
    const last = text.slice(-1);
    if (
      Buffer.from(`${"A".repeat(spare - 1)}${last}`, "base64url")
        .toString("base64url")
        .at(-1) !== last
    )
      return undefined;
  }
  return Math.floor((text.length * 3) / 4);
}

function bytes(maxBytes: number, tooLarge: ErrorCode) {
  return z.string().superRefine((text, context) => {
    const size = base64urlBytes(text);
    if (size === undefined || size === 0)
      context.addIssue({ code: "custom", message: "must be base64url without padding, not empty" });
    else if (size > maxBytes)
      context.addIssue({ code: "custom", message: `must have at most ${maxBytes} bytes`, params: { code: tooLarge } });
  });
}

function distinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

function schemaFor({ maxBodyBytes, maxHeaderBytes }: SendLimits, nowMs: () => number) {
  const inTime = (id: string) => {
    if (!isUuidV7(id)) return false;
    const ageMs = nowMs() - uuidV7TimeMs(id);
    return ageMs <= maxIdAgeMs && -ageMs <= maxIdAheadMs;
  };
  const header = z.object({ deviceId: uuid, header: bytes(maxHeaderBytes, "HEADER_TOO_LARGE") });
  const recipient = z.object({
    userId: uuid,
    devicesVersion: z.int().min(0).max(maxDevicesVersion),
    headers: z.array(header).max(maxHeadersPerRecipient),
  });
  return z.object({
    id: uuid.refine(inTime, {
      message: "must be a UUIDv7 of the last 30 days and at most 5 minutes ahead",
      params: { code: "ID_OUT_OF_TIME" },
    }),
    conversationId: uuid,
    deviceId: uuid,
    suite: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,31}\/[a-z0-9][a-z0-9._-]{0,31}$/, "must look like e2ee/1"),
    body: bytes(maxBodyBytes, "BODY_TOO_LARGE"),
    recipients: z
      .array(recipient)
      .min(1)
      .max(maxRecipients)
      .refine((list) => distinct(list.map(({ userId }) => userId)), "must name each user once")
      .refine(
        (list) => distinct(list.flatMap(({ headers }) => headers.map(({ deviceId }) => deviceId))),
        "must name each device once",
      ),
  });
}

/** @throws DomainError BAD_USER_INPUT | ID_OUT_OF_TIME | BODY_TOO_LARGE | HEADER_TOO_LARGE; names the field. */
export function createSendInputCheck(limits: SendLimits, nowMs: () => number = Date.now) {
  const schema = schemaFor(limits, nowMs);
  return (input: SendMessageInput): void => {
    const result = schema.safeParse(input);
    if (result.success) return;
    const issue = result.error.issues[0];
    throw new DomainError(codeOf(issue), `input.${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not valid"}`);
  };
}
