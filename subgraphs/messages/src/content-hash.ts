import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { SendMessageInput } from "./generated/schema.ts";

/** SHA-256 of the input exactly as given, in canonical JSON (RFC 8785); base64url. Clients compute the same. */
export function contentHash(input: SendMessageInput): string {
  const canonical = canonicalize(input);
  if (canonical === undefined) throw new TypeError("the input has no JSON form");
  return createHash("sha256").update(canonical, "utf8").digest("base64url");
}
