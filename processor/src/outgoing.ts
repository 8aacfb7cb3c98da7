/** What is told on outgoing-messages after the commit. Pure. */
import type { OutgoingRecord } from "@sealgraph/platform/records.ts";
import type { AcknowledgedPosition } from "./acknowledgements.ts";
import type { Numbered } from "./number-frames.ts";

export interface KeyedEvent {
  readonly key: string;
  readonly event: OutgoingRecord;
}

/** One event per numbered entry that has a place, in their order; then the acknowledged positions. */
export function eventsOf(numbered: readonly Numbered[], positions: readonly AcknowledgedPosition[]): KeyedEvent[] {
  const frames = numbered.filter(({ places }) => places.length > 0).map(eventOf);
  // A position that was there already is told too: the event of its first time may have died with its worker.
  const acknowledged = positions.map(({ deviceId, epoch, to }): KeyedEvent => ({
    key: deviceId,
    event: { v: 1, type: "acknowledged", deviceId, epoch, seq: Number(to) },
  }));
  return [...frames, ...acknowledged];
}

function eventOf({ entry, places: given }: Numbered): KeyedEvent {
  const places = given.map(({ deviceId, epoch, seq }) => ({ deviceId, epoch, seq: Number(seq) }));
  switch (entry.kind) {
    case "message": {
      const { id, conversationId, senderUser, senderDevice, suite, body, acceptedAt } = entry.message;
      const withHeaders = places.map((place, index) => ({ ...place, header: entry.targets[index]?.header ?? "" }));
      const message = { id, conversationId, senderUser, senderDevice, suite, body, acceptedAt };
      return { key: conversationId, event: { v: 1, type: "message", ...message, places: withHeaders } };
    }
    case "receipt":
      return { key: entry.detail.conversationId, event: { v: 1, type: "receipt", detail: entry.detail, places } };
    case "send_failed":
      return { key: entry.conversationId, event: { v: 1, type: "send_failed", detail: entry.detail, places } };
  }
}
