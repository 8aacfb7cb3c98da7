/**
 * A device that speaks the public API and nothing more: its bodies are random bytes, because the server can't tell.
 * Tests of delivery use it; tests of encryption use the client.
 */
import { randomBytes } from "node:crypto";
import { exportPKCS8, exportSPKI, GeneralSign, generateKeyPair, importPKCS8, type CryptoKey } from "jose";
import { createClient, type Client } from "graphql-ws";
import { v7 } from "uuid";
import { WebSocket } from "ws";
import { signInHeadless } from "@sealgraph/stack/sign-in.ts";
import type { SystemUnderTest } from "./global-setup.ts";

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly data: T | null | undefined;
  readonly errors: readonly {
    message: string;
    extensions: { code: string; retryable: boolean } & Record<string, unknown>;
  }[];
}

export interface Frame {
  readonly __typename: string;
  readonly cursor?: string;
  readonly seq?: number;
  readonly [field: string]: unknown;
}

/** One POST to the gateway. */
export async function post<T = Record<string, unknown>>(
  gatewayUrl: string,
  query: string,
  variables: Record<string, unknown> = {},
  token?: string,
): Promise<Answer<T>> {
  const response = await fetch(`${gatewayUrl}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors = [] } = (await response.json()) as { data?: T | null; errors?: Answer["errors"] };
  return { status: response.status, data, errors };
}

const base64url = (bytes: number) => randomBytes(bytes).toString("base64url");

/** Keys of a device and the proof that registering asks for (PROTOCOL.md, "Devices"). */
export async function deviceKeys(userId: string) {
  const encryption = await generateKeyPair("RSA-OAEP-256", { extractable: true });
  const signing = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const encryptionKey = await exportSPKI(encryption.publicKey);
  const signingKey = await exportSPKI(signing.publicKey);
  const proving: CryptoKey = await importPKCS8(await exportPKCS8(encryption.privateKey), "PS256");
  const statement = { purpose: "sealgraph/device/1", userId, encryptionKey, signingKey };
  const proof = await new GeneralSign(new TextEncoder().encode(JSON.stringify(statement)))
    .addSignature(signing.privateKey)
    .setProtectedHeader({ alg: "EdDSA" })
    .addSignature(proving)
    .setProtectedHeader({ alg: "PS256" })
    .sign();
  return { encryptionKey, signingKey, encryptionKeySignature: JSON.stringify(proof) };
}

export const inboxDocument = /* GraphQL */ `
  subscription Inbox($deviceId: ID!, $after: String) {
    inbox(deviceId: $deviceId, after: $after) {
      __typename
      ... on SequencedFrame {
        cursor
        seq
      }
      ... on MessageFrame {
        header
        message {
          id
          body
          suite
          acceptedAt
          sender {
            id
            username
            displayName
          }
          senderDevice {
            id
            name
          }
        }
      }
      ... on ReceiptFrame {
        kind
        conversationId
        messageIds
        at
        byUser {
          username
        }
      }
      ... on SendFailedFrame {
        messageId
        contentHash
        code
      }
      ... on CaughtUp {
        cursor
        seq
      }
      ... on CursorReset {
        cursor
        reason
      }
      ... on Lagged {
        resumeAfter
      }
    }
  }
`;

export interface Recipient {
  userId: string;
  devicesVersion: number;
  headers: { deviceId: string; header: string }[];
}

/** The newest list of somebody's active devices, with a header for each but `except`. */
export async function recipientOf(device: OpaqueDevice, username: string, except?: string): Promise<Recipient> {
  const { data, errors } = await device.post<{
    user: { id: string; devicesVersion: number; devices: { id: string; revokedAt: string | null }[] };
  }>(`query($username: String!) { user(username: $username) { id devicesVersion devices { id revokedAt } } }`, {
    username,
  });
  if (!data?.user) throw new Error(`no user ${username}: ${JSON.stringify(errors)}`);
  const { id, devicesVersion, devices } = data.user;
  const headers = devices
    .filter((other) => other.revokedAt === null && other.id !== except)
    .map((other) => ({ deviceId: other.id, header: base64url(256) }));
  return { userId: id, devicesVersion, headers };
}

export class OpaqueDevice {
  readonly system: SystemUnderTest;
  readonly username: string;
  readonly token: string;
  readonly userId: string;
  readonly id: string;
  #socket: Client | undefined;

  private constructor(system: SystemUnderTest, username: string, token: string, userId: string, id: string) {
    this.system = system;
    this.username = username;
    this.token = token;
    this.userId = userId;
    this.id = id;
  }

  /** Signs in and registers a new device, after revoking the user's others, so that tests don't share any. */
  static async register(system: SystemUnderTest, username: string, { keepOthers = false } = {}): Promise<OpaqueDevice> {
    const { accessToken } = await signInHeadless({ issuer: system.oidcIssuer, username });
    const me = await post<{ me: { id: string; devices: { id: string; revokedAt: string | null }[] } }>(
      system.gatewayUrl,
      "{ me { id devices { id revokedAt } } }",
      {},
      accessToken,
    );
    if (!me.data) throw new Error(`me: ${JSON.stringify(me.errors)}`);
    if (!keepOthers)
      for (const { id } of me.data.me.devices.filter(({ revokedAt }) => revokedAt === null))
        await post(system.gatewayUrl, "mutation($id: ID!) { revokeDevice(id: $id) { id } }", { id }, accessToken);
    const input = { name: `${username}'s test device`, ...(await deviceKeys(me.data.me.id)) };
    const registered = await post<{ registerDevice: { id: string } }>(
      system.gatewayUrl,
      "mutation($input: RegisterDeviceInput!) { registerDevice(input: $input) { id } }",
      { input },
      accessToken,
    );
    if (!registered.data) throw new Error(`registerDevice: ${JSON.stringify(registered.errors)}`);
    return new OpaqueDevice(system, username, accessToken, me.data.me.id, registered.data.registerDevice.id);
  }

  post<T = Record<string, unknown>>(query: string, variables: Record<string, unknown> = {}): Promise<Answer<T>> {
    return post<T>(this.system.gatewayUrl, query, variables, this.token);
  }

  async conversationWith(userId: string): Promise<string> {
    const { data, errors } = await this.post<{ directConversation: { id: string } }>(
      "mutation($userId: ID!) { directConversation(withUserId: $userId) { id } }",
      { userId },
    );
    if (!data) throw new Error(`directConversation: ${JSON.stringify(errors)}`);
    return data.directConversation.id;
  }

  /** A valid input; the caller may change it before sending. */
  async inputTo(username: string, bodyBytes = 64) {
    const [own, other] = await Promise.all([recipientOf(this, this.username, this.id), recipientOf(this, username)]);
    const conversationId = await this.conversationWith(other.userId);
    return () => ({
      id: v7(),
      conversationId,
      deviceId: this.id,
      suite: "test/opaque",
      body: base64url(bodyBytes),
      recipients: [own, other],
    });
  }

  send(input: Record<string, unknown>) {
    return this.post<{ sendMessage: { __typename: string; id?: string; contentHash?: string; users?: unknown } }>(
      `mutation($input: SendMessageInput!) { sendMessage(input: $input) {
         __typename ... on MessageAccepted { id contentHash } ... on StaleDevices { users { userId devicesVersion } } } }`,
      { input },
    );
  }

  /** Sends until it is accepted, as a client's outbox does: the same input again after a retryable error. */
  async sendSurely(input: Record<string, unknown>, deadlineMs = 60_000): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      const answer = await this.send(input).catch(() => undefined);
      if (answer?.data?.sendMessage.__typename === "MessageAccepted") return;
      const retryable = answer === undefined || answer.errors.some((error) => error.extensions.retryable);
      if (!retryable || Date.now() > deadline) throw new Error(`not accepted: ${JSON.stringify(answer)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  acknowledge(cursor: string) {
    return this.post(
      "mutation($deviceId: ID!, $cursor: String!) { acknowledge(deviceId: $deviceId, cursor: $cursor) { cursor } }",
      {
        deviceId: this.id,
        cursor,
      },
    );
  }

  #connect(): Client {
    this.#socket ??= createClient({
      url: `${this.system.gatewayUrl.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${this.token}` },
      retryAttempts: 0,
    });
    return this.#socket;
  }

  /**
   * Frames until `enough` says so; then the subscription ends. An error of the operation is thrown as it came.
   * @param options.acknowledge after every so many frames, as a client does; by default nothing is acknowledged, and after
   * 256 frames the reader's credit is used up (DELIVERY rule 7)
   */
  async collect(
    enough: (frames: readonly Frame[]) => boolean,
    { acknowledge, ...variables }: { deviceId?: string; after?: string; acknowledge?: number } = {},
  ) {
    const frames: Frame[] = [];
    const results = this.#connect().iterate<{ inbox: Frame }>({
      query: inboxDocument,
      variables: { deviceId: this.id, ...variables },
    });
    for await (const { data, errors } of results) {
      if (errors !== undefined) throw errors;
      if (data) frames.push(data.inbox);
      if (enough(frames)) break;
      const { cursor, seq } = frames.at(-1) ?? {};
      if (acknowledge !== undefined && cursor !== undefined && seq !== undefined && seq % acknowledge === 0)
        await this.acknowledge(cursor);
    }
    return frames;
  }

  async close(): Promise<void> {
    await this.#socket?.dispose();
    this.#socket = undefined;
  }
}

export const caughtUp = (frames: readonly Frame[]) => frames.at(-1)?.__typename === "CaughtUp";
export const messageIds = (frames: readonly Frame[]) =>
  frames.filter((frame) => frame.__typename === "MessageFrame").map((frame) => (frame["message"] as { id: string }).id);
