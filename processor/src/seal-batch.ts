/** The KMS layer of a batch: each body once, each header for its device. No I/O; done before any lock is taken. */
import type { DataKey, Sealer } from "@sealgraph/platform/envelope.ts";
import type { MessageRecord } from "@sealgraph/platform/records.ts";

export interface SealedMessage {
  readonly body: Buffer;
  /** By device. */
  readonly headers: ReadonlyMap<string, Buffer>;
}

/** By message id. */
export function sealBatch(
  sealer: Sealer,
  dataKey: DataKey,
  messages: readonly MessageRecord[],
): Map<string, SealedMessage> {
  return new Map(
    messages.map((message) => {
      const { id: messageId, conversationId, senderDevice } = message;
      const context = { messageId, conversationId, senderDevice, dataKeyId: dataKey.id, format: 1 } as const;
      const body = sealer.seal(dataKey, Buffer.from(message.body, "base64url"), context);
      const headers = message.recipients
        .flatMap(({ headers }) => headers)
        .map(({ deviceId, header }) => {
          const sealed = sealer.seal(dataKey, Buffer.from(header, "base64url"), {
            ...context,
            recipientDevice: deviceId,
          });
          return [deviceId, sealed] as const;
        });
      return [messageId, { body, headers: new Map(headers) }];
    }),
  );
}
