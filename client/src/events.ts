/** What `inbox()` tells. Everything that it tells of has been stored. */
import type { RefusedMessage, StoredMessage } from "./store/store.ts";

export type InboxEvent =
  | { readonly type: "message"; readonly message: StoredMessage; readonly seq: number }
  | ReceiptEvent
  | { readonly type: "sendFailed"; readonly messageId: string; readonly code: string }
  /** Not accepted; kept with the error for inspection. */
  | { readonly type: "refused"; readonly refused: RefusedMessage }
  /** Everything up to now has come. Comes again after each reconnection. */
  | { readonly type: "caughtUp" }
  /** The graph could not go on from where this device was: what came between is lost to it, or comes again. */
  | { readonly type: "cursorReset"; readonly reason: string }
  /** The stream broke and is resumed after `delayMs`, from where it was. */
  | { readonly type: "reconnecting"; readonly code: string; readonly delayMs: number }
  | Notice;

export interface ReceiptEvent {
  readonly type: "stored" | "delivered" | "read";
  readonly conversationId: string;
  readonly messageIds: readonly string[];
  readonly byUser: string;
  /** RFC 3339. */
  readonly at: string;
}

/** What a user must see of the keys of those they write to (CRYPTO, pinning). */
export type Notice =
  /** It is encrypted to from now on; with `newDevices: "ask"`, nothing is sent until `acceptDevice(deviceId)`. */
  | {
      readonly type: "deviceAdded";
      readonly userId: string;
      readonly username: string;
      readonly deviceId: string;
      readonly deviceName: string;
    }
  | { readonly type: "deviceRevoked"; readonly userId: string; readonly username: string; readonly deviceId: string }
  /** Nothing is sent to the user until `acceptKey(deviceId)`; the device's messages are still judged by the pinned key. */
  | { readonly type: "keyChanged"; readonly userId: string; readonly username: string; readonly deviceId: string };
