/**
 * graphql-transport-ws at /graphql: queries and mutations go the way of HTTP, subscriptions to the engine. A fault of one
 * operation is that operation's error; only broken protocol, a token that is over and idling without one close the socket.
 */
import assert from "node:assert";
import { STATUS_CODES, type IncomingMessage, type Server as HttpServer } from "node:http";
import type { Duplex } from "node:stream";
import type { ApolloServer } from "@apollo/server";
import type { Log } from "@sealgraph/platform/log.ts";
import type { TokenVerifier } from "@sealgraph/platform/tokens.ts";
import {
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  parse,
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLFormattedError,
} from "graphql";
import { makeServer, type Context, type SubscribePayload } from "graphql-ws";
import { WebSocketServer } from "ws";
import { authenticate, refusalFor } from "./authentication.ts";
import { gatewayError, visibleError } from "./errors.ts";
import { holdsSubscription } from "./document.ts";
import { guardStream } from "./guarded-stream.ts";
import { maxDocumentTokens } from "./limits.ts";
import { originAllowed } from "./origins.ts";
import type { RequestContext } from "./request-context.ts";
import { carryProtocol, type SocketExtra } from "./socket-transport.ts";
import { isStream, type SubscriptionEngine } from "./subscriptions/index.ts";

export interface SocketServerOptions {
  path: string;
  apollo: ApolloServer<RequestContext>;
  engine: SubscriptionEngine<RequestContext>;
  /** Absent: tokens are passed on unseen. */
  tokens: TokenVerifier | undefined;
  allowedOrigins: ReadonlySet<string>;
  maxMessageBytes: number;
  maxOperationsPerSocket: number;
  /** From the acknowledgement or the last operation that may run without a token, on a socket without one. */
  anonymousIdleMs: number;
  log: Log;
}

export interface SocketServer {
  /** Takes over WebSocket upgrades of the HTTP server. */
  listenOn(server: HttpServer): void;
  readonly openSockets: number;
  /** Refuses new sockets, closes the others with 1012 (which clients retry), and cuts off those that do not close. */
  stop(): Promise<void>;
}

const connectionInitTimeoutMs = 5_000;
/** How long a peer may take to answer the close frame at stop. */
const closeTimeoutMs = 2_000;

/** graphql-transport-ws: not permitted. Clients retry it, with a new token. */
const forbidden = 4403;
/** graphql-transport-ws: who has no token need not come back without one; clients do not retry it. */
const unauthorized = 4401;
/** RFC 6455 registry: service restart, try again later. Clients retry both. */
const serviceRestart = 1012;
const tryAgainLater = 1013;

/** setTimeout's largest delay. */
const maxTimerMs = 2_147_483_647;

/** What travels from the protocol's subscribe message to its execution. */
interface SocketOperation {
  request: SubscribePayload;
  context: RequestContext;
  stream?: AsyncGenerator<ExecutionResult, void, void>;
}

export function createSocketServer(options: SocketServerOptions): SocketServer {
  const { apollo, engine, tokens, log } = options;
  const contexts = new WeakMap<SocketExtra, RequestContext>();
  const idleTimers = new WeakMap<SocketExtra, NodeJS.Timeout>();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: options.maxMessageBytes, handleProtocols });
  let stopping = false;

  const visible = (error: GraphQLError): GraphQLFormattedError => visibleError(error.toJSON(), log);
  /** graphql-ws sends what a stream throws as that operation's error, and closes the socket on everything else. */
  const asGraphQLError = (error: unknown): GraphQLError => {
    if (error instanceof GraphQLError) return error;
    log.error({ error: error instanceof Error ? error.stack : String(error) }, "operation failed");
    return new GraphQLError("unexpected");
  };

  /** @throws GraphQLError, or anything at all */
  async function prepare(connection: Context<Record<string, unknown>, SocketExtra>, request: SubscribePayload) {
    if (Object.keys(connection.subscriptions).length > options.maxOperationsPerSocket)
      return [gatewayError("TOO_MANY_OPERATIONS")];
    // It is held as long as the operation runs, and locations hold all tokens and the text.
    const document = parse(request.query, { maxTokens: maxDocumentTokens, noLocation: true });
    const operationName = request.operationName ?? undefined;
    const operation = getOperationAST(document, operationName);
    const context = contexts.get(connection.extra) ?? {};
    const state: SocketOperation = { request, context };
    const args: ExecutionArgs = { schema: engine.schema, document, contextValue: state };
    if (operationName !== undefined) args.operationName = operationName;
    const refusal = tokens === undefined ? undefined : refusalFor(context, document, operation);
    if (refusal === undefined) idleTimers.get(connection.extra)?.refresh();

    // Apollo Server authenticates and validates the others, exactly as over HTTP.
    if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) {
      const errors = holdsSubscription(document) ? engine.validate(parse(request.query)) : [];
      return errors.length > 0 ? errors : args;
    }

    if (refusal !== undefined) return [refusal];
    const result = await engine.subscribe({
      document: request.query, // its plans are kept by text
      ...(operationName === undefined ? {} : { operationName }),
      variables: request.variables ?? {},
      context,
    });
    if (!isStream(result)) return (result.errors ?? []).map(asGraphQLError);
    state.stream = guardStream(result, asGraphQLError);
    return args;
  }

  const protocol = makeServer<Record<string, unknown>, SocketExtra>({
    connectionInitWaitTimeout: connectionInitTimeoutMs,
    onConnect: async ({ connectionParams, extra }) => {
      const context = await authenticate(tokens, authorizationIn(connectionParams));
      if (context.refusal !== undefined) {
        const { code, retryable } = context.refusal.extensions;
        extra.socket.close(retryable === true ? tryAgainLater : forbidden, String(code));
        return false;
      }
      contexts.set(extra, context);
      if (context.caller !== undefined) closeAt(extra, context.caller.expiresAt * 1_000);
      else if (tokens !== undefined) closeWhenIdle(extra);
      return true;
    },
    onSubscribe: async (connection, _id, request) => {
      try {
        return await prepare(connection, request);
      } catch (error) {
        return [syntaxErrorOf(error) ?? asGraphQLError(error)];
      }
    },
    execute: (args: ExecutionArgs) => executeAsHttpDoes(args.contextValue as SocketOperation),
    subscribe: (args: ExecutionArgs) => streamOf(args.contextValue as SocketOperation),
    onNext: (_connection, _id, _request, args, result) => {
      // Apollo Server has formatted its own; what is returned here is sent as it is.
      if ((args.contextValue as SocketOperation).stream === undefined || result.errors === undefined)
        return result as FormattedExecutionResult;
      const errors = result.errors.map((error) => visible(asGraphQLError(error)));
      return { ...result, errors } as FormattedExecutionResult;
    },
    onError: (_connection, _id, _request, errors) => errors.map((error) => visible(error as GraphQLError)),
  });

  async function executeAsHttpDoes({ request, context }: SocketOperation): Promise<ExecutionResult> {
    try {
      const { body } = await apollo.executeOperation(
        {
          query: request.query,
          ...(request.operationName ? { operationName: request.operationName } : {}),
          ...(request.variables ? { variables: request.variables } : {}),
        },
        { contextValue: context },
      );
      if (body.kind !== "single") throw new Error("Incremental delivery is not supported.");
      return body.singleResult as ExecutionResult;
    } catch (error) {
      return { errors: [visible(asGraphQLError(error)) as GraphQLError] };
    }
  }

  /** The token's end is the end of what it allowed: streams and socket go together, and the client comes with a new one. */
  function closeAt({ socket }: SocketExtra, timeMs: number) {
    if (socket.readyState !== socket.OPEN) return; // closed while its token was verified
    let timer: NodeJS.Timeout;
    const wait = () => {
      const remainingMs = timeMs - Date.now();
      if (remainingMs <= 0) return socket.close(forbidden, "TOKEN_EXPIRED");
      timer = setTimeout(wait, Math.min(remainingMs, maxTimerMs));
    };
    wait();
    socket.once("close", () => clearTimeout(timer));
  }

  function closeWhenIdle(extra: SocketExtra) {
    const { socket } = extra;
    const timer = setTimeout(() => socket.close(unauthorized, "UNAUTHENTICATED"), options.anonymousIdleMs);
    idleTimers.set(extra, timer);
    socket.once("close", () => clearTimeout(timer));
  }

  return {
    listenOn(server) {
      server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        socket.on("error", () => socket.destroy());
        const path = request.url?.split("?", 1)[0];
        if (path !== options.path) return refuseUpgrade(socket, 404);
        if (stopping) return refuseUpgrade(socket, 503);
        if (!originAllowed(request, options.allowedOrigins)) return refuseUpgrade(socket, 403);
        sockets.handleUpgrade(request, socket, head, (webSocket) => carryProtocol(protocol, webSocket, request, log));
      });
    },
    get openSockets() {
      return sockets.clients.size;
    },
    async stop() {
      stopping = true;
      const closed = [...sockets.clients].map(
        (socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())),
      );
      for (const socket of sockets.clients) socket.close(serviceRestart, "Restarting");
      const cutOff = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, closeTimeoutMs);
      await Promise.all(closed);
      clearTimeout(cutOff);
      sockets.close();
    },
  };
}

function streamOf({ stream }: SocketOperation): AsyncGenerator<ExecutionResult, void, void> {
  assert(stream !== undefined, "a subscription is prepared before it runs");
  return stream;
}

function handleProtocols(offered: Set<string>): string | false {
  return offered.has("graphql-transport-ws") ? "graphql-transport-ws" : false;
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  );
}

/** connection_init's payload may write it either way. */
function authorizationIn(payload: Record<string, unknown> | undefined): string | undefined {
  const value = payload?.["authorization"] ?? payload?.["Authorization"];
  return typeof value === "string" ? value : undefined;
}

/** graphql's parser gives no code. */
function syntaxErrorOf(error: unknown): GraphQLError | undefined {
  if (!(error instanceof GraphQLError) || error.extensions["code"] !== undefined) return undefined;
  error.extensions["code"] = "GRAPHQL_PARSE_FAILED";
  error.extensions["retryable"] = false;
  return error;
}
