import { DomainError } from "@sealgraph/platform/errors.ts";
import { stored } from "../database.ts";
import type { QueryResolvers } from "../generated/schema.ts";
import { maxUsernameLength } from "../limits.ts";
import { normalizedUsername } from "../username.ts";

/** A fallback name is a cut name, a separator and a UUID. */
const maxLookupLength = maxUsernameLength + 1 + 36;

/** Null for a name that nobody has, which includes everybody who never signed in here. */
export const user = (async (_query, { username }, { keys, loaders }) => {
  if (username.length > maxLookupLength * 2)
    throw new DomainError("BAD_USER_INPUT", `username is over ${maxLookupLength} characters.`, {
      detail: { field: "username" },
    });
  const name = normalizedUsername(username);
  const row = await stored(() => keys.database.user.findUnique({ where: { username: name } }));
  if (row !== null) loaders.users.prime(row.id, row);
  return row;
}) satisfies QueryResolvers["user"];
