import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL, createClient } from "graphql-ws";
import type { SubscribePayload } from "graphql-ws";
import type { GraphQLFormattedError } from "graphql";
import { WebSocket } from "ws";
import type { EventPayload } from "./event-execution.ts";

/** Why a socket is gone, told to each of its streams. */
export interface SocketBreak {
  /** For the log, not for clients: it may name inner addresses. */
  reason: string;
  /** The subgraph answered that these credentials or this protocol won't do: trying again is no use. */
  refused: boolean;
  /** The subgraph found this stream's message too large (1009). */
  tooLarge: boolean;
  /** How long the stream's operation had been with the subgraph in milliseconds; undefined when it was never sent. */
  servedMs: number | undefined;
}

/** Exactly one of error, complete and broken is called, as the last, unless the stream was released before. */
export interface UpstreamSink {
  next(payload: EventPayload, bytes: number): void;
  error(errors: readonly GraphQLFormattedError[]): void;
  complete(): void;
  broken(cause: SocketBreak): void;
}

export interface UpstreamSocketOptions {
  url: string;
  connectionParams: Record<string, unknown> | undefined;
  headers: Record<string, string> | undefined;
  connectTimeoutMs: number;
  ackTimeoutMs: number;
  keepAliveMs: number;
  pongTimeoutMs: number;
  maxMessageBytes: number;
  /** Once, when it is acknowledged. */
  onOpened(): void;
  /** The last stream left, or the first came back. */
  onIdle(): void;
  /** Once, whoever closed it. */
  onClosed(reason: string): void;
}

export interface UpstreamSocket {
  /** Streams on this socket. */
  readonly streams: number;
  /**
   * Sends the operation, whose JSON has so many bytes, as soon as the socket is acknowledged. The answer releases it:
   * upstream gets Complete at once.
   */
  subscribe(payload: SubscribePayload, bytes: number, sink: UpstreamSink): () => void;
  /** Closes with 1000; streams still on it are told that it broke. */
  close(): void;
}

/** These answer who we are or how we speak; any other close is an outage and worth another try. */
const refusals: readonly number[] = [CloseCode.Unauthorized, CloseCode.Forbidden, CloseCode.SubprotocolNotAcceptable];
const messageTooLarge = 1009;
/** How long a peer may take to answer our close frame. */
const closeTimeoutMs = 1_000;

function describe(event: unknown): { reason: string; code: number | undefined } {
  if (typeof event !== "object" || event === null) return { reason: String(event), code: undefined };
  const { code, reason, message } = event as { code?: unknown; reason?: unknown; message?: unknown };
  if (typeof code === "number") return { reason: `closed with ${code} ${String(reason ?? "")}`.trim(), code };
  return { reason: typeof message === "string" && message !== "" ? message : "socket error", code: undefined };
}

/**
 * One graphql-transport-ws connection for its lifetime: it never reconnects by itself. graphql-ws's client would, and on
 * a close with 1000 it would even send running operations again with their first variables, so resuming is not left to it.
 * @throws TypeError or SyntaxError for a URL or headers that cannot be
 */
export function openUpstreamSocket(options: UpstreamSocketOptions): UpstreamSocket {
  interface Stream {
    sink: UpstreamSink;
    sinceMs: number;
  }
  const streams = new Set<Stream>();
  // Of all ever sent here, also when it has left: the only one that a 1009 can be about, for the subgraph took the others.
  let largest: { stream: Stream; bytes: number } | undefined;
  let receivedBytes = 0;
  let acknowledgedMs: number | undefined;
  let closed = false;
  let nextId = 0;
  let pongWait: NodeJS.Timeout | undefined;

  // Made here and not by graphql-ws, where a header that cannot be (a token with a line break) would be an unhandled
  // rejection and end the process.
  const { headers = {}, maxMessageBytes: maxPayload } = options;
  const raw = new WebSocket(options.url, GRAPHQL_TRANSPORT_WS_PROTOCOL, {
    headers,
    maxPayload,
    perMessageDeflate: false,
  });
  // First in line, so that a frame's size is known when graphql-ws hands the frame on, in the same tick.
  raw.on("message", (data: Buffer) => {
    receivedBytes = data.length;
  });
  // graphql-ws removes its own listener when it terminates; an unheard "error" event would end the process.
  raw.on("error", () => {});
  let waiting = setTimeout(() => shut("connecting timed out"), options.connectTimeoutMs);
  const { CONNECTING, OPEN, CLOSING, CLOSED } = WebSocket;
  const webSocketImpl = Object.assign(
    function OpenedWebSocket() {
      return raw;
    },
    { CONNECTING, OPEN, CLOSING, CLOSED },
  );

  const client = createClient({
    url: options.url,
    ...(options.connectionParams ? { connectionParams: options.connectionParams } : {}),
    // Connects now and stays until close(): when it is idle is the pool's decision.
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => {},
    keepAlive: options.keepAliveMs,
    webSocketImpl,
    generateID: () => String(++nextId),
    on: {
      opened: () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => shut("connection_ack timed out"), options.ackTimeoutMs);
      },
      connected: () => {
        clearTimeout(waiting);
        if (closed) return;
        acknowledgedMs = performance.now();
        options.onOpened();
      },
      ping: (received) => {
        if (received) return;
        clearTimeout(pongWait);
        pongWait = setTimeout(() => shut("no pong"), options.pongTimeoutMs);
      },
      pong: (received) => {
        if (received) clearTimeout(pongWait);
      },
      error: (event) => shut(describe(event).reason),
      closed: (event) => {
        const { reason, code } = describe(event);
        shut(reason, code !== undefined && refusals.includes(code), code === messageTooLarge);
      },
    },
  });

  function dispose(reason: string, refused: boolean, tooLarge = false): void {
    closed = true;
    clearTimeout(waiting);
    clearTimeout(pongWait);
    // Rejects when it was never connected; there is nothing left to close then.
    Promise.resolve(client.dispose()).catch(() => {});
    const now = performance.now();
    const gone = [...streams];
    streams.clear();
    options.onClosed(reason);
    for (const stream of gone) {
      const servedMs = acknowledgedMs === undefined ? undefined : now - Math.max(acknowledgedMs, stream.sinceMs);
      // Before the acknowledgement it was connection_init, which is everyone's here.
      const blamed = tooLarge && (acknowledgedMs === undefined || stream === largest?.stream);
      stream.sink.broken({ reason, refused, tooLarge: blamed, servedMs });
    }
  }

  function shut(reason: string, refused = false, tooLarge = false): void {
    if (closed) return;
    dispose(reason, refused, tooLarge);
    // A peer that hangs would not answer a close frame either.
    raw.terminate();
  }

  return {
    get streams() {
      return streams.size;
    },
    subscribe(payload, bytes, sink) {
      const stream = { sink, sinceMs: performance.now() };
      streams.add(stream);
      if (largest === undefined || bytes > largest.bytes) largest = { stream, bytes };
      const leave = (): boolean => {
        const there = streams.delete(stream);
        if (there && streams.size === 0 && !closed) options.onIdle();
        return there;
      };
      const release = client.subscribe<Record<string, unknown>, Record<string, unknown>>(payload, {
        next: (result) => {
          if (streams.has(stream)) sink.next(result as EventPayload, receivedBytes);
        },
        error: (cause) => {
          if (!leave()) return;
          // An array is the operation's own error message; what is about the socket was told by shut(). What is left
          // is an operation that could not be sent.
          if (Array.isArray(cause)) sink.error(cause as GraphQLFormattedError[]);
          else sink.broken({ reason: describe(cause).reason, refused: false, tooLarge: false, servedMs: undefined });
        },
        complete: () => {
          if (leave()) sink.complete();
        },
      });
      return () => {
        if (leave()) release();
      };
    },
    close() {
      if (closed) return;
      dispose("closed by the engine", false);
      if (acknowledgedMs === undefined) raw.terminate();
      else setTimeout(() => raw.terminate(), closeTimeoutMs).unref();
    },
  };
}
