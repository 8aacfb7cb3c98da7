import type { SubscribePayload } from "graphql-ws";
import type { ResolvedOptions, UpstreamCredentials } from "./options.ts";
import { openUpstreamSocket } from "./upstream-socket.ts";
import type { UpstreamSink, UpstreamSocket } from "./upstream-socket.ts";

export interface UpstreamSockets {
  /** Runs an operation on a socket shared by subgraph, URL and credentials key. The answer releases it. */
  subscribe(
    subgraph: string,
    url: string,
    credentials: UpstreamCredentials,
    operation: SubscribePayload,
    bytes: number,
    sink: UpstreamSink,
  ): () => void;
  /** Sockets now open or opening. */
  readonly size: number;
  close(): void;
}

/** The sockets to all subgraphs: few for many streams, replaced when they break, closed when they have been idle. */
export function createUpstreamSockets(
  options: Pick<ResolvedOptions<never>, "emit" | "log"> & {
    upstream: Omit<ResolvedOptions<never>["upstream"], "credentials">;
  },
): UpstreamSockets {
  const { upstream, emit, log } = options;
  const sockets = new Map<string, Set<UpstreamSocket>>();

  function open(key: string, subgraph: string, url: string, credentials: UpstreamCredentials) {
    const shared = sockets.get(key) ?? new Set();
    let idle: NodeJS.Timeout | undefined;
    const socket = openUpstreamSocket({
      url,
      connectionParams: credentials.connectionParams,
      headers: credentials.headers,
      connectTimeoutMs: upstream.connectTimeoutMs,
      ackTimeoutMs: upstream.ackTimeoutMs,
      keepAliveMs: upstream.keepAliveMs,
      pongTimeoutMs: upstream.pongTimeoutMs,
      maxMessageBytes: upstream.maxMessageBytes,
      onOpened: () => emit({ type: "socketOpened", subgraph }),
      onIdle: () => {
        clearTimeout(idle);
        idle = setTimeout(() => {
          if (socket.streams === 0) socket.close();
        }, upstream.idleTimeoutMs);
      },
      onClosed: (reason) => {
        clearTimeout(idle);
        shared.delete(socket);
        // Keys may be as many as users: none stays without a socket.
        if (shared.size === 0 && sockets.get(key) === shared) sockets.delete(key);
        log.debug({ subgraph, reason }, "upstream socket closed");
        emit({ type: "socketClosed", subgraph, reason });
      },
    });
    shared.add(socket);
    sockets.set(key, shared);
    return socket;
  }

  return {
    subscribe(subgraph, url, credentials, operation, bytes, sink) {
      const key = JSON.stringify([subgraph, url, credentials.key ?? ""]);
      const free = [...(sockets.get(key) ?? [])].find((socket) => socket.streams < upstream.streamsPerSocket);
      return (free ?? open(key, subgraph, url, credentials)).subscribe(operation, bytes, sink);
    },
    get size() {
      let size = 0;
      for (const shared of sockets.values()) size += shared.size;
      return size;
    },
    close() {
      for (const shared of sockets.values()) for (const socket of shared) socket.close();
      sockets.clear();
    },
  };
}
