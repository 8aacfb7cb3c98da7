import { readFileSync } from "node:fs";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse, type GraphQLSchema } from "graphql";
import type { Resolvers } from "./generated/schema.ts";
import { Device } from "./operations/device-type.ts";
import { me } from "./operations/me.ts";
import { registerDevice } from "./operations/register-device.ts";
import { revokeDevice } from "./operations/revoke-device.ts";
import { User } from "./operations/user-type.ts";
import { user } from "./operations/user.ts";

const resolvers: Resolvers = { Query: { me, user }, Mutation: { registerDevice, revokeDevice }, User, Device };

/** schema.graphql with its resolvers. */
export function createSchema(): GraphQLSchema {
  const typeDefs = parse(readFileSync(new URL("../schema.graphql", import.meta.url), "utf8"));
  // The map from @apollo/subgraph is typed for resolvers without a context type.
  return buildSubgraphSchema([{ typeDefs, resolvers: resolvers as never }]);
}
