/** Carries the graphql-transport-ws protocol (graphql-ws) over one `ws` socket: keepalive, bounds, logs. */
import type { IncomingMessage } from "node:http";
import type { Log } from "@sealgraph/platform/log.ts";
import type { Server } from "graphql-ws";
import type { RawData, WebSocket } from "ws";

export interface SocketExtra extends Record<PropertyKey, unknown> {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
}

/** A peer that answers no ping for this long is gone. */
const keepAliveMs = 12_000;
/** A peer that does not read while this much waits for it is cut off; streams wait for each frame to leave long before. */
const maxBufferedBytes = 32_000_000;
/** RFC 6455 §7.4.1: unexpected condition. */
const internalError = 1011;

export function carryProtocol(protocol: Server<SocketExtra>, socket: WebSocket, request: IncomingMessage, log: Log) {
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (data) =>
        new Promise((resolve) => {
          if (socket.readyState !== socket.OPEN) return resolve();
          if (socket.bufferedAmount > maxBufferedBytes) {
            log.warn({ bufferedBytes: socket.bufferedAmount }, "socket cut off: its peer does not read");
            socket.terminate();
            return resolve();
          }
          // A failed write is followed by "close", which ends the operations.
          socket.send(data, () => resolve());
        }),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (handle) => {
        socket.on("message", async (data: RawData, isBinary) => {
          // The protocol is text; RFC 6455 §7.4.1: 1003 is "cannot accept this type of data".
          if (isBinary) return socket.close(1003, "Text messages only");
          try {
            await handle(data.toString());
          } catch (error) {
            log.error({ error: error instanceof Error ? error.stack : String(error) }, "socket message failed");
            socket.close(internalError, "Internal error");
          }
        });
      },
    },
    { socket, request },
  );

  let answered = true;
  socket.on("pong", () => {
    answered = true;
  });
  const keepAlive = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, keepAliveMs);

  // ws itself closes with the protocol's code: 1009 for a message over maxPayload, 1002 and 1007 for broken framing.
  socket.on("error", (error) => log.debug({ error: error.message }, "socket error"));
  socket.once("close", (code, reason) => {
    clearInterval(keepAlive);
    closed(code, reason.toString()).catch((error: unknown) => {
      log.error({ error: String(error) }, "socket's operations did not end");
    });
  });
}
