import { base64url } from "jose";

/** SHA-256 of the signed JWS, base64url: two messages with one id are the same exactly when these are. */
export async function digestOf(jws: string): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(jws))));
}
