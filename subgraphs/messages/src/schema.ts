import { readFileSync } from "node:fs";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse, type GraphQLSchema } from "graphql";
import { createResolvers } from "./resolvers.ts";
import type { Services } from "./services.ts";

const sdl = new URL("../schema.graphql", import.meta.url);

export function createSchema(services: Services): GraphQLSchema {
  const typeDefs = parse(readFileSync(sdl, "utf8"));
  return buildSubgraphSchema([{ typeDefs, resolvers: createResolvers(services) }]);
}
