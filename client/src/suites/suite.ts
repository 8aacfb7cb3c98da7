/**
 * A crypto suite: state in; {state, body, headers} or {state, content} out. No I/O, no clock, no store: what it needs is
 * passed to it, what it changes is returned, and the caller saves the state with the message in one transaction.
 */
import type { Content } from "../content.ts";

/** Plain JSON: what a suite remembers of a conversation (a ratchet, say). Opaque to everybody else. */
export type SuiteState = Readonly<Record<string, unknown>>;

/** A device's public halves, SPKI PEM. */
export interface PublicKeys {
  readonly encryptionKey: string;
  readonly signingKey: string;
}

/** A device's key pairs, opaque outside of their suite. */
export interface DeviceKeys {
  readonly suite: string;
  readonly public: PublicKeys;
}

/** Who sends which message where: the frame's fields on the way in, the sender's own on the way out. */
export interface Envelope {
  readonly messageId: string;
  readonly conversationId: string;
  readonly senderUser: string;
  readonly senderDevice: string;
}

export interface SealInput extends Envelope {
  /** RFC 3339. */
  readonly time: string;
  readonly content: Content;
  readonly recipients: readonly { readonly deviceId: string; readonly encryptionKey: string }[];
}

export interface Sealed {
  readonly state: SuiteState;
  /** base64url, the same for all. */
  readonly body: string;
  /** base64url, by device id. */
  readonly headers: ReadonlyMap<string, string>;
  /** Names what was signed, so that a replay can be told from a second message with the same id. */
  readonly digest: string;
}

export interface OpenInput extends Envelope {
  readonly body: string;
  readonly header: string;
  /** The device that opens. */
  readonly deviceId: string;
  /** The sending device's pinned key, SPKI PEM. */
  readonly senderSigningKey: string;
}

export interface Opened {
  readonly state: SuiteState;
  readonly content: Content;
  /** The sender's clock, RFC 3339. */
  readonly time: string;
  readonly digest: string;
}

export interface Suite<Keys extends DeviceKeys = DeviceKeys> {
  /** As in the graph's `suite`: "e2ee/1". */
  readonly name: string;
  /** A suite of lower rank than the conversation's pinned one is refused. */
  readonly rank: number;
  generateKeys(): Promise<Keys>;
  /** JSON text with the private halves. */
  exportKeys(keys: Keys): Promise<string>;
  importKeys(exported: string): Promise<Keys>;
  /** `encryptionKeySignature` of registerDevice: possession of both keys, bound to the user. */
  proveRegistration(keys: Keys, userId: string): Promise<string>;
  /** The state of a conversation in which nothing was sent or received yet. */
  initialState(): SuiteState;
  seal(keys: Keys, state: SuiteState, input: SealInput): Promise<Sealed>;
  /** @throws SuiteError when the message is not to be accepted. */
  open(keys: Keys, state: SuiteState, input: OpenInput): Promise<Opened>;
}
