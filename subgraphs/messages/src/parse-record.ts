import type { z } from "zod";
import type { LogRecord } from "@sealgraph/platform/kafka.ts";

export type Parsed<T> = { success: true; data: T } | { success: false; problem: string };

/** A record's JSON value as its schema says; the problem names no content. */
export function parseRecord<T>(schema: z.ZodType<T>, record: Pick<LogRecord, "value">): Parsed<T> {
  if (record.value === null) return { success: false, problem: "no value" };
  let json: unknown;
  try {
    json = JSON.parse(record.value.toString("utf8"));
  } catch {
    return { success: false, problem: "not JSON" };
  }
  const result = schema.safeParse(json);
  if (result.success) return { success: true, data: result.data };
  const issue = result.error.issues[0];
  return { success: false, problem: `${issue?.path.join(".") ?? ""}: ${issue?.code ?? "invalid"}` };
}
