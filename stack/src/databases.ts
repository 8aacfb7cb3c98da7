import { randomBytes } from "node:crypto";
import { migrate, setRolePasswords } from "./migrate.ts";
import type { InstanceState } from "./state.ts";

export interface DatabaseUrls {
  admin: string;
  keys: string;
  messages: string;
  processor: string;
  maintenance: string;
}

/** Each program's role; ARCHITECTURE.md has the table of what it may do. */
const roleOf = {
  keys: "keys_service",
  messages: "messages_service",
  processor: "processor",
  maintenance: "maintenance",
} as const;

/** Migrates, gives the roles that come without a URL their passwords, and returns everyone's URL. */
export async function prepareDatabase(
  given: { admin: string } & Partial<DatabaseUrls>,
  state: InstanceState,
): Promise<{ urls: DatabaseUrls; applied: string[] }> {
  const applied = await migrate(given.admin);
  const urls = { ...given } as DatabaseUrls;
  const passwords: Record<string, string> = {};
  for (const [program, role] of Object.entries(roleOf) as [keyof typeof roleOf, string][]) {
    if (given[program] !== undefined) continue;
    const password = (state.secrets[role] ??= randomBytes(24).toString("base64url"));
    passwords[role] = password;
    const url = new URL(given.admin);
    url.username = role;
    url.password = password;
    urls[program] = url.href;
  }
  await setRolePasswords(given.admin, passwords);
  return { urls, applied: applied.flatMap(({ owner, migrations }) => migrations.map((name) => `${owner}/${name}`)) };
}
