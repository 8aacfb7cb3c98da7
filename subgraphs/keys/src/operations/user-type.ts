import type { UserResolvers } from "../generated/schema.ts";

/** References are gathered: the gateway asks for the senders of many messages at once. Null when there is none. */
export const User = {
  __resolveReference: ({ id }, { loaders }) => loaders.users.load(id),
  devices: ({ id }, _args, { loaders }) => loaders.devicesOfUser.load(id),
} satisfies UserResolvers;
