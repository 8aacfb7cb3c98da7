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
import {
  execute,
  GraphQLError,
  parse,
  subscribe,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLSchema,
} from "graphql";
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

/** What graphql-ws would close the socket for becomes the operation's own error; formatError hides what it says. */
const asGraphQLError = (error: unknown): GraphQLError =>
  error instanceof GraphQLError
    ? error
    : new GraphQLError("unexpected", { originalError: error instanceof Error ? error : new Error(String(error)) });

/** graphql 16's validate() throws on some documents, and the parser runs out of stack on deep ones. */
function readDocument(schema: GraphQLSchema, query: string): DocumentNode | readonly GraphQLError[] {
  try {
    const document = parse(query);
    const errors = validate(schema, document);
    return errors.length > 0 ? errors : document;
  } catch (error) {
    return [error instanceof GraphQLError ? error : new GraphQLError("The operation cannot be read.")];
  }
}

const isErrors = (read: DocumentNode | readonly GraphQLError[]): read is readonly GraphQLError[] => Array.isArray(read);

/** A stream whose cleanup fails when its user leaves: that would close the socket too. */
function leaveQuietly(result: Awaited<ReturnType<typeof subscribe>>, log: Log) {
  if (!(Symbol.asyncIterator in result)) return result;
  const leave = result.return.bind(result);
  result.return = async () => {
    try {
      return await leave();
    } catch (error) {
      log.error({ error: error instanceof Error ? error.stack : String(error) }, "a subscription did not end cleanly");
      return { done: true, value: undefined };
    }
  };
  return result;
}

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
  const visible = (error: GraphQLError) => formatError(error.toJSON(), error, log);
  // graphql-ws closes the socket on whatever a hook throws, and other users' operations are on it.
  const disposable = useServer(
    {
      connectionInitWaitTimeout: connectionInitTimeoutMs,
      onSubscribe: async (connection, _id, { query, operationName, variables, extensions }) => {
        try {
          const authorization = authorizationIn(extensions) ?? authorizationIn(connection.connectionParams);
          const contextValue = await contextFor(authorization);
          const document = readDocument(schema, query);
          if (isErrors(document)) return document;
          return { schema, document, operationName, variableValues: variables, contextValue };
        } catch (error) {
          return [asGraphQLError(error)];
        }
      },
      execute: async (args: ExecutionArgs) => {
        try {
          return await execute(args);
        } catch (error) {
          return { errors: [asGraphQLError(error)] };
        }
      },
      subscribe: async (args: ExecutionArgs) => {
        try {
          return leaveQuietly(await subscribe(args), log);
        } catch (error) {
          return { errors: [asGraphQLError(error)] };
        }
      },
      onNext: (_connection, _id, _payload, _args: ExecutionArgs, result) =>
        result.errors === undefined
          ? undefined
          : // Coercion of variables leaves what it catches as it is.
            { data: result.data ?? null, errors: result.errors.map((error) => visible(asGraphQLError(error))) },
      onError: (_connection, _id, _payload, errors) => errors.map((error) => visible(asGraphQLError(error))),
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
