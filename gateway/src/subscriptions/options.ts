import type { GraphQLDataSource } from "@apollo/gateway";

/** Where a subgraph is. What is absent comes from the supergraph; the WebSocket URL from the HTTP one (http -> ws, https -> wss). */
export interface SubgraphEndpoint {
  url?: string | undefined;
  webSocketUrl?: string | undefined;
}

/** How one client's subscription shows itself to a subgraph. */
export interface UpstreamCredentials {
  /**
   * Streams with equal keys share sockets, so everything that belongs to the socket (connectionParams, headers) must
   * be interchangeable between equal keys. Default "": one socket for all, credentials go with each operation.
   */
  key?: string | undefined;
  /** Payload of connection_init; belongs to the socket. Default none. */
  connectionParams?: Record<string, unknown> | undefined;
  /** Headers of the WebSocket upgrade; belong to the socket. Default none. */
  headers?: Record<string, string> | undefined;
  /** Extensions of the subscribe message; belong to the operation. Default none. */
  extensions?: Record<string, unknown> | undefined;
}

export interface RetryOptions {
  /** Resubscriptions in a row without progress. Default 20. */
  attempts?: number | undefined;
  /** First delay; it doubles with each attempt, and half of it is random. Milliseconds, default 100. */
  baseDelayMs?: number | undefined;
  /** Longest delay. An upstream that stood this long counts as progress, as a new cursor does. Milliseconds, default 5000. */
  maxDelayMs?: number | undefined;
  /** From the break to giving up. Milliseconds, default 60000. */
  totalMs?: number | undefined;
}

export interface UpstreamOptions<Context> {
  /** Asked again for every resubscription, so that a renewed token is used. Default: nothing is sent, one socket per subgraph. */
  credentials?:
    | ((context: Context, subgraph: string) => UpstreamCredentials | Promise<UpstreamCredentials>)
    | undefined;
  /** TCP, TLS and upgrade. Milliseconds, default 5000. */
  connectTimeoutMs?: number | undefined;
  /** From the open socket to connection_ack. Milliseconds, default 5000. */
  ackTimeoutMs?: number | undefined;
  /** Quiet time before a ping. Milliseconds, default 10000; 0 sends none. */
  keepAliveMs?: number | undefined;
  /** From a ping to its pong, else the socket counts as lost. Milliseconds, default 5000. */
  pongTimeoutMs?: number | undefined;
  /** How long a socket without streams is kept. Milliseconds, default 30000. */
  idleTimeoutMs?: number | undefined;
  /** Streams on one socket; beyond it another one is opened for the same key. Default 5000. */
  streamsPerSocket?: number | undefined;
  /**
   * Longest subscribe message sent to a subgraph, with credentials and what planning adds; a longer one ends its own stream
   * with OPERATION_TOO_LARGE. Below what subgraphs accept: they would close the socket, which others share. Bytes, default 1500000.
   */
  maxOperationBytes?: number | undefined;
  /** Longest message a subgraph may send; a longer one breaks the socket. Bytes, default 16 MiB. */
  maxMessageBytes?: number | undefined;
  retry?: RetryOptions | undefined;
}

export interface LimitOptions {
  /** Frames waiting for one client; one more ends its stream with LAGGED. Default 1000. */
  queueFrames?: number | undefined;
  /** Bytes (as received) waiting for one client; more end its stream with LAGGED. Default 1 MiB. */
  queueBytes?: number | undefined;
  /** Frames of one stream whose joins may run at once; delivered in order. Default 8. */
  joinsAhead?: number | undefined;
  /** For one fetch of a join; then the frame goes on without its data, with an error. Milliseconds, default 10000. */
  joinTimeoutMs?: number | undefined;
  /** Compiled operations kept, least recently used out first. Default 1000. */
  planCacheEntries?: number | undefined;
  /** The sum of their documents' texts; a document of more than a 128th of it is not kept. Bytes, default 4 MiB. */
  planCacheBytes?: number | undefined;
  /** Lexical tokens of a document given as text. Default 10000. */
  documentTokens?: number | undefined;
}

/** pino has this shape. */
export interface EngineLog {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** What happens inside, for metrics. Hooks must not throw; if one does it is logged and ignored. */
export type EngineEvent =
  | { type: "planned"; field: string; durationMs: number; joins: boolean; resumable: boolean }
  | { type: "planCacheHit"; field: string }
  | { type: "subscribed"; field: string; subgraph: string }
  | { type: "upstreamBroken"; field: string; subgraph: string; reason: string; retryInMs: number | undefined }
  | { type: "resubscribed"; field: string; subgraph: string; fromCursor: boolean }
  | { type: "frame"; field: string; bytes: number }
  | { type: "ended"; field: string; subgraph: string; code: string | undefined }
  | { type: "socketOpened"; subgraph: string }
  | { type: "socketClosed"; subgraph: string; reason: string };

export interface SubscriptionEngineOptions<Context extends object> {
  /** The composed supergraph (core schema) SDL: `coreSupergraphSdl` of ApolloGateway.onSchemaLoadOrUpdate. */
  supergraphSdl: string;
  /** By subgraph name. Default: the URLs in the supergraph. */
  subgraphs?: Record<string, SubgraphEndpoint> | undefined;
  /** The data source for a subgraph's entity fetches; its `process` gets the stream's context. Default RemoteGraphQLDataSource. */
  dataSource?: ((name: string, url: string) => GraphQLDataSource) | undefined;
  upstream?: UpstreamOptions<Context> | undefined;
  limits?: LimitOptions | undefined;
  /** Identity URL of the @link'ed feature whose directive `resumable` marks resumable fields. Default https://sealgraph.dev/resumable. */
  resumableFeature?: string | undefined;
  log?: EngineLog | undefined;
  onEvent?: ((event: EngineEvent) => void) | undefined;
}

type Complete<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

/** Options with every default filled in. */
export interface ResolvedOptions<Context extends object> {
  upstream: Complete<Omit<UpstreamOptions<Context>, "retry">> & { retry: Complete<RetryOptions> };
  limits: Complete<LimitOptions>;
  resumableFeature: string;
  log: EngineLog;
  emit(event: EngineEvent): void;
}

const silent: EngineLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A caller's mistake in a number is a TypeError at once, not a surprise later. */
function positive(name: string, value: number | undefined, fallback: number, least = 1): number {
  const chosen = value ?? fallback;
  if (!Number.isFinite(chosen) || chosen < least) throw new TypeError(`${name} must be a number of at least ${least}`);
  return chosen;
}

export function resolveOptions<Context extends object>(
  options: SubscriptionEngineOptions<Context>,
): ResolvedOptions<Context> {
  const { upstream = {}, limits = {}, log = silent, onEvent } = options;
  const { retry = {} } = upstream;
  return {
    upstream: {
      credentials: upstream.credentials ?? (() => ({})),
      connectTimeoutMs: positive("connectTimeoutMs", upstream.connectTimeoutMs, 5_000),
      ackTimeoutMs: positive("ackTimeoutMs", upstream.ackTimeoutMs, 5_000),
      keepAliveMs: positive("keepAliveMs", upstream.keepAliveMs, 10_000, 0),
      pongTimeoutMs: positive("pongTimeoutMs", upstream.pongTimeoutMs, 5_000),
      idleTimeoutMs: positive("idleTimeoutMs", upstream.idleTimeoutMs, 30_000, 0),
      streamsPerSocket: positive("streamsPerSocket", upstream.streamsPerSocket, 5_000),
      maxOperationBytes: positive("maxOperationBytes", upstream.maxOperationBytes, 1_500_000),
      maxMessageBytes: positive("maxMessageBytes", upstream.maxMessageBytes, 16 * 1024 * 1024),
      retry: {
        attempts: positive("retry.attempts", retry.attempts, 20, 0),
        baseDelayMs: positive("retry.baseDelayMs", retry.baseDelayMs, 100),
        maxDelayMs: positive("retry.maxDelayMs", retry.maxDelayMs, 5_000),
        totalMs: positive("retry.totalMs", retry.totalMs, 60_000, 0),
      },
    },
    limits: {
      queueFrames: positive("queueFrames", limits.queueFrames, 1_000),
      queueBytes: positive("queueBytes", limits.queueBytes, 1024 * 1024),
      joinsAhead: positive("joinsAhead", limits.joinsAhead, 8),
      joinTimeoutMs: positive("joinTimeoutMs", limits.joinTimeoutMs, 10_000),
      planCacheEntries: positive("planCacheEntries", limits.planCacheEntries, 1_000),
      planCacheBytes: positive("planCacheBytes", limits.planCacheBytes, 4 * 1024 * 1024),
      documentTokens: positive("documentTokens", limits.documentTokens, 10_000),
    },
    resumableFeature: options.resumableFeature ?? "https://sealgraph.dev/resumable",
    log,
    emit: (event) => {
      try {
        onEvent?.(event);
      } catch (error) {
        log.error({ err: error, event: event.type }, "an onEvent hook threw");
      }
    },
  };
}
