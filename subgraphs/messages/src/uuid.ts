import { z } from "zod";
import { DomainError } from "@sealgraph/platform/errors.ts";

/** A UUID in its one canonical text (RFC 9562 §4, lower case), so that equal ids are equal strings. */
export const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, "must be a UUID in lower case");

/** @throws DomainError BAD_USER_INPUT */
export function requireUuid(name: string, value: string): void {
  if (!uuid.safeParse(value).success) throw new DomainError("BAD_USER_INPUT", `${name}: must be a UUID in lower case`);
}
