import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { GraphQLError, execute, parse, subscribe } from "graphql";
import type { ExecutionResult } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";

export interface Call {
  query: string;
  variables: Record<string, unknown>;
  extensions: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  connectionParams: Record<string, unknown>;
}

type Resolver = (source: never, args: never, context: Call) => unknown;
export type Resolvers = Record<
  string,
  Record<string, Resolver | { subscribe: Resolver; resolve: (event: never) => unknown }>
>;

/** A real subgraph over HTTP and graphql-transport-ws on one loopback port, which can be broken in many ways. */
export interface Subgraph {
  readonly name: string;
  readonly typeDefs: string;
  readonly url: string;
  /** Subscriptions received, oldest first. */
  readonly subscriptions: Call[];
  /** Entity and other fetches received over HTTP. */
  readonly fetches: Call[];
  /** Subscriptions that ended, whoever ended them. */
  readonly ended: number;
  /** Sockets accepted since the beginning. */
  readonly sockets: number;
  /** Called before a socket is acknowledged. */
  onConnect: (connectionParams: Record<string, unknown>) => boolean | Promise<boolean>;
  /** Called before an HTTP fetch is answered. */
  onFetch: (call: Call) => ExecutionResult | undefined | Promise<ExecutionResult | undefined>;
  /** Drops every socket without a word, or with this close code. */
  dropSockets(code?: number): void;
  /** Keeps the sockets open and neither reads nor writes on them any more. */
  freezeSockets(): void;
  stop(): Promise<void>;
  /** Again on the same port. */
  start(): Promise<void>;
}

export async function startSubgraph(name: string, typeDefs: string, resolvers: Resolvers): Promise<Subgraph> {
  const schema = buildSubgraphSchema([{ typeDefs: parse(typeDefs), resolvers: resolvers as never }]);
  let http: Server | undefined;
  let sockets: WebSocketServer | undefined;
  let port = 0;

  // What a subgraph accepts, as its operator has set it.
  const maxMessageBytes = 100_000;
  const subgraph = {
    name,
    typeDefs,
    url: "",
    subscriptions: [] as Call[],
    fetches: [] as Call[],
    ended: 0,
    sockets: 0,
    onConnect: (() => true) as Subgraph["onConnect"],
    onFetch: (() => undefined) as Subgraph["onFetch"],
    dropSockets(code?: number) {
      for (const socket of sockets?.clients ?? []) {
        if (code === undefined) socket.terminate();
        else socket.close(code, "dropped");
      }
    },
    freezeSockets() {
      for (const socket of sockets?.clients ?? []) {
        socket.pause();
        socket.send = () => {};
      }
    },
    async start() {
      http = createServer((request, response) => {
        let body = "";
        request.on("data", (chunk: Buffer) => (body += chunk.toString()));
        request.on("end", async () => {
          const { query, variables = {}, extensions = {} } = JSON.parse(body) as Partial<Call> & { query: string };
          const call: Call = { query, variables, extensions, headers: request.headers, connectionParams: {} };
          subgraph.fetches.push(call);
          const result =
            (await subgraph.onFetch(call)) ??
            (await execute({ schema, document: parse(query), variableValues: variables, contextValue: call }));
          response.setHeader("content-type", "application/json").end(JSON.stringify(result));
        });
      });
      sockets = new WebSocketServer({ server: http, path: "/graphql", maxPayload: maxMessageBytes });
      sockets.on("connection", () => (subgraph.sockets += 1));
      useServer<Record<string, unknown>>(
        {
          schema,
          subscribe: subscribe as never,
          onConnect: (context) => subgraph.onConnect(context.connectionParams ?? {}),
          context: (context, _id, payload) => {
            const call: Call = {
              query: payload.query,
              variables: payload.variables ?? {},
              extensions: payload.extensions ?? {},
              headers: (context.extra as { request: { headers: IncomingHttpHeaders } }).request.headers,
              connectionParams: context.connectionParams ?? {},
            };
            subgraph.subscriptions.push(call);
            return call as never;
          },
          onComplete: () => void (subgraph.ended += 1),
          // A subscription's own error with its extensions, in place of graphql-ws's bare message.
          onError: (_context, _id, _payload, errors) =>
            errors.map((error) =>
              error.originalError instanceof GraphQLError
                ? error.originalError.toJSON()
                : new GraphQLError(error.message).toJSON(),
            ),
        },
        sockets,
        0,
      );
      await new Promise<void>((resolve) => http?.listen(port, "127.0.0.1", resolve));
      port = (http.address() as AddressInfo).port;
      subgraph.url = `http://127.0.0.1:${port}/graphql`;
    },
    async stop() {
      for (const socket of sockets?.clients ?? []) socket.terminate();
      sockets?.close();
      http?.closeAllConnections();
      await new Promise((resolve) => http?.close(resolve));
    },
  };
  await subgraph.start();
  return subgraph;
}
