import { Counter, Gauge, type Registry } from "prom-client";
import type { EngineEvent } from "./subscriptions/index.ts";

export interface GatewayMetrics {
  /** For the engine. */
  onEngineEvent(event: EngineEvent): void;
  /** Read whenever somebody asks for the metrics. */
  observe(sources: { clientSockets(): number; streams(): number; subgraphSockets(): number }): void;
}

export function createMetrics(registry: Registry): GatewayMetrics {
  const registers = [registry];
  const frames = new Counter({
    name: "gateway_subscription_frames_total",
    help: "Events received from subgraphs for subscriptions.",
    labelNames: ["field"],
    registers,
  });
  const ended = new Counter({
    name: "gateway_subscriptions_ended_total",
    help: "Subscriptions that ended, by error code; complete when without error.",
    labelNames: ["field", "code"],
    registers,
  });
  const broken = new Counter({
    name: "gateway_upstream_broken_total",
    help: "Upstream streams of subgraphs that broke.",
    labelNames: ["subgraph"],
    registers,
  });
  const resumed = new Counter({
    name: "gateway_upstream_resubscribed_total",
    help: "Upstream streams that were resubscribed unseen by their client.",
    labelNames: ["subgraph", "from_cursor"],
    registers,
  });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });

  return {
    onEngineEvent(event) {
      if (event.type === "frame") frames.inc({ field: event.field });
      else if (event.type === "ended") ended.inc({ field: event.field, code: event.code ?? "complete" });
      else if (event.type === "upstreamBroken") broken.inc({ subgraph: event.subgraph });
      else if (event.type === "resubscribed")
        resumed.inc({ subgraph: event.subgraph, from_cursor: String(event.fromCursor) });
    },
    observe({ clientSockets, streams, subgraphSockets }) {
      gauge("gateway_open_sockets", "WebSockets of clients.", clientSockets);
      gauge("gateway_subscriptions", "Subscriptions that run now.", streams);
      gauge("gateway_subgraph_sockets", "WebSockets to subgraphs.", subgraphSockets);
    },
  };
}
