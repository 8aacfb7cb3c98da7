/**
 * A graph that has nothing to do with messages: three subgraphs as programs of their own would be, composed to a file.
 * readings: a subscription whose events name a station and an observer; stations and people: the rest of both.
 */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { composeServices } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { graphql, GraphQLError, parse, type GraphQLFieldResolver } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])`;

interface SubgraphContext {
  authorization: string | undefined;
}
type Resolver = GraphQLFieldResolver<Record<string, unknown>, SubgraphContext>;
type Resolvers = Record<string, Record<string, Resolver | { subscribe: Resolver }>>;

const definitions: Record<string, { typeDefs: string; resolvers: Resolvers }> = {
  readings: {
    typeDefs: `${link}
      type Query { lastReading: Reading! whoAsks: String fails(code: String): String broken: String }
      type Mutation { record(celsius: Float!): Reading! }
      type Subscription {
        "count readings, one every everyMs."
        readings(count: Int!, everyMs: Int! = 5): Reading!
        tokens: String!
      }
      type Reading { celsius: Float! station: Station! observer: Person! }
      type Station @key(fields: "id", resolvable: false) { id: ID! }
      type Person @key(fields: "id", resolvable: false) { id: ID! }`,
    resolvers: {
      Query: {
        lastReading: () => reading(7),
        whoAsks: (_, __, { authorization }) => authorization ?? null,
        fails: (_, { code }) => {
          throw new GraphQLError("told by the subgraph", { extensions: { code, retryable: true, detail: 1 } });
        },
        broken: () => {
          throw new Error("password=hunter2 at line 7");
        },
      },
      Mutation: { record: (_, { celsius }) => reading(celsius) },
      Subscription: {
        readings: {
          async *subscribe(_, { count, everyMs }) {
            for (let celsius = 1; celsius <= count; celsius++) {
              await sleep(everyMs);
              yield { readings: reading(celsius) };
            }
          },
        },
        tokens: {
          async *subscribe(_, __, { authorization }) {
            yield { tokens: authorization ?? "none" };
          },
        },
      },
    },
  },
  stations: {
    typeDefs: `${link}
      type Query { stations: [Station!]! }
      type Station @key(fields: "id") { id: ID! name: String! }`,
    resolvers: {
      Query: { stations: () => [{ id: "s1" }] },
      Station: {
        __resolveReference: (reference) => reference,
        name: ({ id }) => `Station ${id}`,
      },
    },
  },
  people: {
    typeDefs: `${link}
      type Query { people: [Person!]! }
      type Person @key(fields: "id") { id: ID! name: String! }`,
    resolvers: {
      Query: { people: () => [{ id: "p1" }] },
      Person: {
        __resolveReference: (reference) => reference,
        name: ({ id }) => `Person ${id}`,
      },
    },
  },
};

function reading(celsius: number) {
  return { celsius, station: { id: "s1" }, observer: { id: "p1" } };
}

export interface MadeUpGraph {
  supergraphFile: string;
  urls: Record<string, string>;
  /** Headers of every HTTP request that a subgraph got. */
  requests: { subgraph: string; headers: IncomingHttpHeaders }[];
  stop(): Promise<void>;
}

/** @param writeUrls false leaves wrong URLs in the supergraph, which have to be overridden */
export async function startMadeUpGraph({ writeUrls = true } = {}): Promise<MadeUpGraph> {
  const requests: MadeUpGraph["requests"] = [];
  const urls: Record<string, string> = {};
  const stops: (() => Promise<void>)[] = [];

  for (const [name, { typeDefs, resolvers }] of Object.entries(definitions)) {
    const schema = buildSubgraphSchema([{ typeDefs: parse(typeDefs), resolvers: resolvers as never }]);
    const server = createServer(async (request, response) => {
      requests.push({ subgraph: name, headers: request.headers });
      const { query, variables, operationName } = JSON.parse(await text(request));
      const result = await graphql({
        schema,
        source: query,
        variableValues: variables,
        operationName,
        contextValue: { authorization: request.headers.authorization },
      });
      response.setHeader("content-type", "application/json").end(JSON.stringify(result));
    });
    const sockets = new WebSocketServer({ server, path: "/graphql" });
    const protocol = useServer(
      {
        schema,
        // By operation when the gateway sends it so, else by socket.
        context: ({ connectionParams }, _id, { extensions }) => ({
          authorization: extensions?.["authorization"] ?? connectionParams?.["authorization"],
        }),
      },
      sockets,
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    urls[name] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
    stops.push(async () => {
      await protocol.dispose();
      server.closeAllConnections();
      server.close();
    });
  }

  const { supergraphSdl, errors } = composeServices(
    Object.entries(definitions).map(([name, { typeDefs }]) => ({
      name,
      url: writeUrls ? (urls[name] ?? "") : "http://127.0.0.1:9/nowhere",
      typeDefs: parse(typeDefs),
    })),
  );
  if (supergraphSdl === undefined) throw new AggregateError(errors ?? [], "the made-up graph does not compose");
  const folder = await mkdtemp(join(tmpdir(), "made-up-graph-"));
  const supergraphFile = join(folder, "supergraph.graphql");
  await writeFile(supergraphFile, supergraphSdl);

  return {
    supergraphFile,
    urls,
    requests,
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
      await rm(folder, { recursive: true });
    },
  };
}
