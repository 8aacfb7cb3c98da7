/**
 * Names by which users find each other. The identity provider hands them out, may change them, and need not keep them
 * unique over time (OpenID Connect Core §5.7), while the keys subgraph promises at most one user per name.
 */
import type { Caller } from "@sealgraph/platform/tokens.ts";
import { maxDisplayNameLength, maxUsernameLength } from "./limits.ts";

/** Stands between a taken name and its second user's id; so no provider's name is taken as it is when it holds one. */
const separator = "~";

/** Case and Unicode compatibility forms make no other name: "Alice" finds "alice". */
export function normalizedUsername(name: string): string {
  return name.toWellFormed().normalize("NFKC").replace(/\p{C}/gu, "").trim().toLowerCase();
}

export interface NameChoice {
  /** The name as the provider gives it, if it can be had; null when its form rules that out. */
  readonly preferred: string | null;
  /** A name that nobody else can have. */
  readonly fallback: string;
}

/**
 * A name is never taken from a user who has it: the second gets "name~user id" until the first one's token shows another
 * name. So nobody can step in for another in the directory of keys by renaming themselves, and no clash fails a sign-in.
 */
export function usernamesOf(caller: Pick<Caller, "userId" | "username">): NameChoice {
  const name = normalizedUsername(caller.username);
  const cut = Array.from(name).slice(0, maxUsernameLength).join("");
  const fits = cut === name && name !== "" && !name.includes(separator);
  return { preferred: fits ? name : null, fallback: `${cut}${separator}${caller.userId}` };
}

/** The name to show: control characters and overrides of direction, which can disguise it, are left out. */
export function displayNameOf(caller: Pick<Caller, "username" | "displayName">): string {
  const clean = (text: string) =>
    Array.from(
      text
        .toWellFormed()
        .replace(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, "")
        .trim(),
    )
      .slice(0, maxDisplayNameLength)
      .join("");
  return clean(caller.displayName) || clean(caller.username);
}
