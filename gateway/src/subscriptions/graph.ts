import { Supergraph } from "@apollo/federation-internals";
import type { Schema } from "@apollo/federation-internals";
import { RemoteGraphQLDataSource } from "@apollo/gateway";
import type { GraphQLDataSource, ServiceMap } from "@apollo/gateway";
import { QueryPlanner } from "@apollo/query-planner";
import type { GraphQLSchema } from "graphql";
import { withTimeout } from "./join-timeout.ts";
import type { SubgraphEndpoint } from "./options.ts";
import { readResumableFields } from "./resumable-directive.ts";
import type { ResumableField } from "./resumable-directive.ts";

/** Everything that is made once from a supergraph. */
export interface Graph {
  /** What clients see. */
  schema: GraphQLSchema;
  /** The same, as the planner and the response shaping want it. */
  apiSchema: Schema;
  supergraphSchema: GraphQLSchema;
  planner: QueryPlanner;
  dataSources: ServiceMap;
  webSocketUrls: ReadonlyMap<string, string>;
  /** By name of the root field. */
  resumable: ReadonlyMap<string, ResumableField>;
}

/** http://host/path -> ws://host/path, https -> wss. */
export function webSocketUrlOf(url: string): string {
  return url.replace(/^http/, "ws");
}

/**
 * Builds planner, schemas and data sources.
 * @throws what @apollo/federation-internals throws for an invalid supergraph, and TypeError for a subgraph name that the
 * supergraph doesn't have or one without a URL that can be: both are the operator's, not a client's.
 */
export function buildGraph(
  supergraphSdl: string,
  endpoints: Record<string, SubgraphEndpoint>,
  dataSource: ((name: string, url: string) => GraphQLDataSource) | undefined,
  joinTimeoutMs: number,
  resumableFeature: string,
): Graph {
  const supergraph = Supergraph.build(supergraphSdl);
  const apiSchema = supergraph.apiSchema();
  const known = new Map(supergraph.subgraphsMetadata().map(({ name, url }) => [name, url]));
  for (const name of Object.keys(endpoints)) {
    if (!known.has(name)) throw new TypeError(`the supergraph has no subgraph named "${name}"`);
  }
  const dataSources: ServiceMap = Object.create(null) as ServiceMap;
  const webSocketUrls = new Map<string, string>();
  for (const [name, supergraphUrl] of known) {
    const url = endpoints[name]?.url ?? supergraphUrl;
    if (!url) throw new TypeError(`subgraph "${name}" has no URL`);
    const source = dataSource?.(name, url) ?? new RemoteGraphQLDataSource({ url });
    dataSources[name] = withTimeout(source, name, joinTimeoutMs);
    const webSocketUrl = endpoints[name]?.webSocketUrl ?? webSocketUrlOf(url);
    if (!/^wss?:$/.test(URL.parse(webSocketUrl)?.protocol ?? "")) {
      throw new TypeError(`subgraph "${name}" has no valid ws or wss URL: ${webSocketUrl}`);
    }
    webSocketUrls.set(name, webSocketUrl);
  }
  return {
    schema: apiSchema.toGraphQLJSSchema(),
    apiSchema,
    supergraphSchema: supergraph.schema.toGraphQLJSSchema(),
    planner: new QueryPlanner(supergraph),
    dataSources,
    webSocketUrls,
    resumable: readResumableFields(supergraph.schema, resumableFeature),
  };
}
