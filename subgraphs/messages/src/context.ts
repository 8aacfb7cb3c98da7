import type { SubgraphContext } from "@sealgraph/platform/subgraph-server.ts";

/** What every resolver gets: who is calling. Everything else is given to the operations at start. */
export type Context = SubgraphContext;
