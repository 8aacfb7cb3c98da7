import { DomainError } from "@sealgraph/platform/errors.ts";
import type { Caller } from "@sealgraph/platform/tokens.ts";
import type { Keys } from "./context.ts";
import { inTransaction, isUniqueViolation, stored, type Database } from "./database.ts";
import { enqueueEntries } from "./directory/outbox.ts";
import type { UserRow } from "./rows.ts";
import { displayNameOf, usernamesOf, type NameChoice } from "./username.ts";

/** One for the ordinary case, one when a first sign-in or a name was raced for, one with the name nobody else can have. */
const maxAttempts = 3;

/**
 * The caller's row, made at the first sight of a token and kept up with the names in it. Writes nothing when nothing
 * changed. A new user enters the device directory with version 0 and no devices.
 * @throws DomainError STORE_UNAVAILABLE
 */
export async function signIn(keys: Keys, caller: Caller): Promise<UserRow> {
  const { database } = keys;
  const names = usernamesOf(caller);
  const displayName = displayNameOf(caller);
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const known = await stored(() => database.user.findUnique({ where: { id: caller.userId } }));
    const username = attempt < maxAttempts ? await freeName(database, names, known) : names.fallback;
    if (known !== null && known.username === username && known.displayName === displayName) return known;
    try {
      if (known === null) return await create(keys, caller, { username, displayName });
      return await stored(() => database.user.update({ where: { id: known.id }, data: { username, displayName } }));
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
  }
  throw new DomainError("STORE_UNAVAILABLE", "The user's row is being changed by too many sign-ins at once.");
}

async function freeName(database: Database, { preferred, fallback }: NameChoice, known: UserRow | null) {
  if (preferred === null) return fallback;
  if (known?.username === preferred) return preferred;
  const holder = await stored(() => database.user.findUnique({ where: { username: preferred } }));
  return holder === null ? preferred : fallback;
}

async function create(keys: Keys, caller: Caller, names: { username: string; displayName: string }): Promise<UserRow> {
  const row = await inTransaction(keys.database, async (transaction) => {
    const { userId: id, issuer, subject } = caller;
    const created = await transaction.user.create({ data: { id, issuer, subject, ...names } });
    await enqueueEntries(transaction, [id]);
    return created;
  });
  keys.directoryChanged();
  return row;
}
