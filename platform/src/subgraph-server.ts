/**
 * A subgraph's door: HTTP and graphql-transport-ws at /graphql on one port. Every operation is authenticated by its own
 * token, because the gateway carries all users over a few sockets (ARCHITECTURE, "One subgraph socket for many users").
 */
import { createServer } from "node:http";
import { once } from "node:events";
import { ApolloServer } from "@apollo/server";
import {
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { ApolloServerPluginDrainHttpServer } from "@apollo/server/plugin/drainHttpServer";
import { expressMiddleware } from "@as-integrations/express5";
import express from "express";
import { GraphQLError, validate, type ExecutionArgs, type GraphQLSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { DomainError } from "./errors.ts";
import { formatError, toGraphQLError } from "./graphql-errors.ts";
import type { Log } from "./log.ts";
import { urlOf } from "./program.ts";
import type { Caller, TokenVerifier } from "./tokens.ts";

/** What every resolver gets. */
export interface SubgraphContext {
  /** Who this operation is for; verified before it runs. */
  caller(): Promise<Caller>;
}

export interface SubgraphServerOptions<C extends SubgraphContext> {
  readonly schema: GraphQLSchema;
  readonly host: string;
  readonly port: number;
  readonly tokens: TokenVerifier;
  readonly log: Log;
  /** Adds what belongs to one operation, such as batching loaders. */
  readonly extendContext?: (context: SubgraphContext) => C;
  /** Largest request body or socket message, bytes. Default 2 MB: over what the gateway passes on, so that no user breaks the shared socket. */
  readonly maxRequestBytes?: number;
}

export interface SubgraphServer {
  readonly url: string;
  stop(): Promise<void>;
}

const path = "/graphql";
const connectionInitTimeoutMs = 5_000;
const keepAliveMs = 12_000;
/** Sent to sockets at stop: "service restart", which graphql-ws clients retry. */
const serviceRestart = 1012;

function authorizationIn(record: unknown): string | undefined {
  if (typeof record !== "object" || record === null) return undefined;
  const { authorization, Authorization } = record as Record<string, unknown>;
  const value = authorization ?? Authorization;
  return typeof value === "string" ? value : undefined;
}

/** graphql 16's validate() throws on some documents, and graphql-ws would then close the socket that others share. */
const guardedValidate: typeof validate = (...args) => {
  try {
    return validate(...args);
  } catch (error) {
    return [error instanceof GraphQLError ? error : new GraphQLError("The operation cannot be validated.")];
  }
};

export async function startSubgraphServer<C extends SubgraphContext>(
  options: SubgraphServerOptions<C>,
): Promise<SubgraphServer> {
  const { schema, host, port, tokens, log, maxRequestBytes = 2_000_000 } = options;

  /** @throws GraphQLError when the token is refused: nothing runs without one. */
  const contextFor = async (authorization: string | undefined): Promise<C> => {
    try {
      const caller = await tokens.verify(authorization);
      const context: SubgraphContext = { caller: async () => caller };
      return options.extendContext?.(context) ?? (context as C);
    } catch (error) {
      throw error instanceof DomainError ? toGraphQLError(error) : error;
    }
  };

  const app = express();
  app.disable("x-powered-by");
  const server = createServer(app);
  const sockets = new WebSocketServer({ server, path, maxPayload: maxRequestBytes });
  const contexts = new WeakMap<object, C>();
  const disposable = useServer(
    {
      schema,
      validate: guardedValidate,
      connectionInitWaitTimeout: connectionInitTimeoutMs,
      onSubscribe: async (connection, _id, payload) => {
        const authorization = authorizationIn(payload.extensions) ?? authorizationIn(connection.connectionParams);
        try {
          contexts.set(payload, await contextFor(authorization));
        } catch (error) {
          if (error instanceof GraphQLError) return [error];
          throw error;
        }
        return undefined;
      },
      context: (_connection, _id, payload) => contexts.get(payload) as C & Record<PropertyKey, unknown>,
      onNext: (_connection, _id, _payload, _args: ExecutionArgs, result) =>
        result.errors === undefined
          ? undefined
          : {
              data: result.data ?? null,
              errors: result.errors.map((error) => formatError(error.toJSON(), error, log)),
            },
      onError: (_connection, _id, _payload, errors) => errors.map((error) => formatError(error.toJSON(), error, log)),
    },
    sockets,
    keepAliveMs,
  );

  const apollo = new ApolloServer<C>({
    schema,
    // The supergraph is composed from files; nobody needs to ask a subgraph.
    introspection: false,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => formatError(formatted, error, log),
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginDrainHttpServer({ httpServer: server }),
    ],
    logger: log,
  });
  await apollo.start();
  app.use(
    path,
    express.json({ limit: maxRequestBytes }),
    expressMiddleware(apollo, { context: ({ req }) => contextFor(req.headers.authorization) }),
  );
  app.use(
    (
      error: Error & { status?: number },
      _request: express.Request,
      response: express.Response,
      next: express.NextFunction,
    ) => {
      if (response.headersSent) return next(error);
      const status = error.status ?? 500;
      const code = status < 500 ? "BAD_USER_INPUT" : "INTERNAL_SERVER_ERROR";
      const message =
        status === 413 ? "The request is too large." : status < 500 ? "The request is malformed." : "A fault of ours.";
      response.status(status).json({ errors: [{ message, extensions: { code, retryable: status >= 500 } }] });
    },
  );

  server.listen(port, host);
  await once(server, "listening");
  return {
    url: `${urlOf(server, host)}${path}`,
    async stop() {
      for (const socket of sockets.clients) socket.close(serviceRestart, "Restarting");
      await disposable.dispose();
      await apollo.stop(); // drains HTTP
    },
  };
}
