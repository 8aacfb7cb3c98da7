import canonicalize from "canonicalize";
import { base64url } from "jose";

/** SHA-256 of the canonical input (RFC 8785), base64url: what the graph must answer that it accepted. */
export async function contentHashOf(input: unknown): Promise<string> {
  const canonical = canonicalize(input);
  if (canonical === undefined) throw new TypeError("the input is no JSON value");
  return base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical))));
}
