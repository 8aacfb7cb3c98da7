import { DomainError } from "@sealgraph/platform/errors.ts";
import type { DeviceResolvers } from "../generated/schema.ts";

export const Device = {
  /** Revoked devices too, however old: what they signed stays verifiable. */
  __resolveReference: ({ id }, { loaders }) => loaders.devices.load(id),
  user: async ({ userId }, _args, { loaders }) => {
    const user = await loaders.users.load(userId);
    if (user === null) throw new DomainError("INTERNAL_SERVER_ERROR"); // a foreign key says otherwise
    return user;
  },
  createdAt: ({ createdAt }) => createdAt.toISOString(),
  revokedAt: ({ revokedAt }) => revokedAt?.toISOString(),
} satisfies DeviceResolvers;
