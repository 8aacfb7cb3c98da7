import type { QueryResolvers } from "../generated/schema.ts";
import { signIn } from "../sign-in.ts";

/** The caller; the first sight of a user's token makes the user. */
export const me = (async (_query, _args, { keys, caller }) =>
  signIn(keys, await caller())) satisfies QueryResolvers["me"];
