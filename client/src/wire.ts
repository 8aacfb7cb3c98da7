/** What crosses the network, for whoever wants to see it: tests, demonstrations. WebSocket messages include the token. */
export interface WireEvent {
  readonly direction: "sent" | "received";
  readonly over: "http" | "websocket";
  readonly text: string;
}

export type OnWire = (event: WireEvent) => void;

/** A WebSocket class that tells of every message. */
export function observed(Socket: typeof WebSocket, onWire: OnWire): typeof WebSocket {
  return class ObservedWebSocket extends Socket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener("message", ({ data }) => {
        if (typeof data === "string") onWire({ direction: "received", over: "websocket", text: data });
      });
    }

    override send(data: Parameters<WebSocket["send"]>[0]): void {
      if (typeof data === "string") onWire({ direction: "sent", over: "websocket", text: data });
      super.send(data);
    }
  };
}
