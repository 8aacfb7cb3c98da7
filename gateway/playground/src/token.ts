/** The access token, kept for this browser tab only. */
const storageKey = "sealgraph:token";

export function storedToken(): string {
  return sessionStorage.getItem(storageKey) ?? "";
}

export function storeToken(token: string): void {
  if (token === "") sessionStorage.removeItem(storageKey);
  else sessionStorage.setItem(storageKey, token);
}

/** As people paste it: with or without "Bearer", quotes or line ends. */
export function cleanToken(text: string): string {
  return text.replace(/^["'\s]*(bearer\s+)?/i, "").replace(/["'\s]+$/, "");
}

export interface TokenHolder {
  name: string;
  /** Milliseconds since the epoch. */
  expiresAtMs: number;
}

/** What the token says of itself, for display only: it is the gateway that verifies. Undefined when it is no JWT. */
export function holderOf(token: string): TokenHolder | undefined {
  const payload = token.split(".")[1];
  if (payload === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const name = claims["preferred_username"] ?? claims["sub"];
    const expiry = claims["exp"];
    return typeof name === "string" && typeof expiry === "number" ? { name, expiresAtMs: expiry * 1_000 } : undefined;
  } catch {
    return undefined;
  }
}
