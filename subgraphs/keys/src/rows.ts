/** What resolvers pass around: rows as Postgres holds them. */
export type { Device as DeviceRow, User as UserRow } from "../../../prisma/keys/client/client.ts";
