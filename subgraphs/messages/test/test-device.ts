/** A device that speaks the subgraph's API; what it sends is random bytes, because the server can't tell. */
import { randomBytes } from "node:crypto";
import { createClient } from "graphql-ws";
import { v7 } from "uuid";
import { WebSocket } from "ws";
import { directConversationId } from "@sealgraph/platform/ids.ts";
import type { SendMessageInput } from "../src/generated/schema.ts";

export interface Answer<T> {
  readonly data?: T | null;
  readonly errors?: readonly { message: string; extensions: Record<string, unknown> & { code: string } }[];
}

export interface Frame {
  readonly __typename: string;
  readonly cursor: string;
  readonly seq: number;
  readonly message: {
    id: string;
    body: string;
    conversationId: string;
    sender: { id: string };
    senderDevice: { id: string };
  };
  readonly header: string;
  readonly kind: string;
  readonly messageIds: string[];
  readonly byUser: { id: string };
  readonly messageId: string;
  readonly contentHash: string;
  readonly code: string;
  readonly reason: string;
  readonly resumeAfter: string;
}

const inbox = /* GraphQL */ `
  subscription ($deviceId: ID!, $after: String, $devicesVersion: Int) {
    inbox(deviceId: $deviceId, after: $after, devicesVersion: $devicesVersion) {
      __typename
      ... on SequencedFrame { cursor seq }
      ... on MessageFrame { header message { id body conversationId suite acceptedAt sender { id } senderDevice { id } } }
      ... on ReceiptFrame { kind messageIds byUser { id } at }
      ... on SendFailedFrame { messageId contentHash code }
      ... on CaughtUp { cursor seq }
      ... on CursorReset { cursor reason }
      ... on Lagged { resumeAfter }
    }
  }
`; // prettier-ignore

/** A stream being read. What ends it is in `ended`: its error codes, or nothing when it was completed. */
export class Stream {
  readonly frames: Frame[] = [];
  readonly ended: Promise<readonly string[]>;
  readonly #wake = new Set<() => void>();
  readonly #stop: () => void;

  constructor(start: (sink: { next(frame: Frame): void; end(codes: readonly string[]): void }) => () => void) {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    this.ended = promise;
    this.#stop = start({
      next: (frame) => {
        this.frames.push(frame);
        for (const wake of this.#wake) wake();
      },
      end: resolve,
    });
  }

  /** Resolves when the frames satisfy the condition; rejects when the stream ends or the time is over before. */
  async until(enough: (frames: readonly Frame[]) => boolean, timeoutMs = 20_000): Promise<readonly Frame[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Frame[]>();
    const check = () => enough(this.frames) && resolve(this.frames);
    const shown = () => this.frames.map(({ __typename, seq }) => `${__typename} ${seq}`).join(", ");
    const timer = setTimeout(() => reject(new Error(`time is over after: ${shown()}`)), timeoutMs);
    void this.ended.then((codes) => reject(new Error(`ended (${codes.join()}) after: ${shown()}`)));
    this.#wake.add(check);
    check();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#wake.delete(check);
    }
  }

  caughtUp(): Promise<readonly Frame[]> {
    return this.until((frames) => frames.some(({ __typename }) => __typename === "CaughtUp"));
  }

  of(type: string): Frame[] {
    return this.frames.filter(({ __typename }) => __typename === type);
  }

  stop(): void {
    this.#stop();
  }
}

export class TestDevice {
  readonly id: string;
  readonly userId: string;
  readonly token: string;
  readonly #url: () => string;

  constructor(options: { url: () => string; userId: string; id: string; token: string }) {
    this.#url = options.url;
    this.userId = options.userId;
    this.id = options.id;
    this.token = options.token;
  }

  async post<T>(query: string, variables: Record<string, unknown> = {}): Promise<Answer<T>> {
    const response = await fetch(this.#url(), {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer<T>;
  }

  /** A valid input from this device to somebody. */
  inputTo(
    own: { recipient(except?: string): SendMessageInput["recipients"][number] },
    other: { userId: string; recipient(): SendMessageInput["recipients"][number] },
    bodyBytes = 64,
  ): SendMessageInput {
    return {
      id: v7(),
      conversationId: directConversationId(this.userId, other.userId),
      deviceId: this.id,
      suite: "test/opaque",
      body: randomBytes(bodyBytes).toString("base64url"),
      recipients: [own.recipient(this.id), other.recipient()],
    };
  }

  async send(input: SendMessageInput) {
    type Result = {
      __typename: string;
      id: string;
      contentHash: string;
      users: { userId: string; devicesVersion: number }[];
    };
    const { data, errors } = await this.post<{ sendMessage: Result }>(
      `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename
         ... on MessageAccepted { id contentHash } ... on StaleDevices { users { userId devicesVersion } } } }`,
      { input },
    );
    return { ...data?.sendMessage, error: errors?.[0]?.extensions };
  }

  async acknowledge(cursor: string, deviceId = this.id) {
    const { data, errors } = await this.post<{ acknowledge: { deviceId: string; cursor: string } }>(
      "mutation ($deviceId: ID!, $cursor: String!) { acknowledge(deviceId: $deviceId, cursor: $cursor) { deviceId cursor } }",
      { deviceId, cursor },
    );
    return { ...data?.acknowledge, error: errors?.[0]?.extensions };
  }

  async markRead(messageIds: string[]) {
    const { data, errors } = await this.post<{ markRead: string[] }>(
      "mutation ($deviceId: ID!, $messageIds: [ID!]!) { markRead(deviceId: $deviceId, messageIds: $messageIds) }",
      { deviceId: this.id, messageIds },
    );
    return { ids: data?.markRead, error: errors?.[0]?.extensions };
  }

  /** Over a socket of its own, the token in the operation's extensions, as the gateway does it. */
  subscribe(variables: { deviceId?: string; after?: string; devicesVersion?: number } = {}): Stream {
    return new Stream(({ next, end }) => {
      const client = createClient({
        url: this.#url().replace("http", "ws"),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
      });
      const finish = (codes: readonly string[]) => {
        end(codes);
        void client.dispose();
      };
      return client.subscribe<{ inbox: Frame }>(
        {
          query: inbox,
          variables: { deviceId: this.id, ...variables },
          extensions: { authorization: `Bearer ${this.token}` },
        },
        {
          next: ({ data, errors }) => {
            if (errors !== undefined) finish([`next: ${errors.map(({ message }) => message).join()}`]);
            else if (data) next(data.inbox);
          },
          error: (error) =>
            finish(Array.isArray(error) ? error.map(({ extensions }) => String(extensions?.code)) : [String(error)]),
          complete: () => finish([]),
        },
      );
    });
  }
}
