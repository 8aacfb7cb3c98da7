/**
 * A graph that does what a test tells it, over real HTTP and real WebSockets: the faults that a client must survive and a
 * working system does not show on demand. It checks nothing that the real one checks; the system tests are for that.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { buildSchema, execute, GraphQLError, parse, subscribe } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import { contentHashOf } from "../src/content-hash.ts";
import type { Frame } from "../src/open-message.ts";
import { directConversationId } from "../src/ids.ts";
import type { SendMessageInput } from "../src/generated/graphql.ts";

interface GraphDevice {
  id: string;
  name: string;
  encryptionKey: string;
  signingKey: string;
  revokedAt: string | null;
}

interface GraphUser {
  id: string;
  username: string;
  displayName: string;
  devicesVersion: number;
  devices: GraphDevice[];
}

/** As it came: ids are texts. */
export type SentInput = SendMessageInput & { readonly id: string; readonly conversationId: string };

export interface Subscription {
  readonly variables: Readonly<Record<string, unknown>>;
  push(frame: Frame): void;
  fail(code: string): void;
  /** As a broken network. */
  drop(): void;
}

export class ScriptedGraph {
  readonly users = new Map<string, GraphUser>();
  readonly sent: SentInput[] = [];
  readonly acknowledged: string[] = [];
  readonly subscriptions: Subscription[] = [];
  /** Answers the next sendMessage calls instead, in order: an error's code, stale users, a false hash. */
  readonly sendAnswers: (
    | { code: string; retryable: boolean }
    | { stale: string[] }
    | { contentHash: string }
    | "lose the answer"
    | "never answer"
  )[] = [];
  /** Called with each subscription; pushes frames. */
  onSubscribe: (subscription: Subscription) => void = () => undefined;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  #waiting: (() => void)[] = [];

  private constructor(server: Server, sockets: WebSocketServer) {
    this.#server = server;
    this.#sockets = sockets;
  }

  static async start(): Promise<ScriptedGraph> {
    const schema = buildSchema(readFileSync(new URL("../schema.graphql", import.meta.url), "utf8"));
    for (const name of ["InboxFrame", "SendMessageResult", "SequencedFrame"]) {
      const type = schema.getType(name) as { resolveType?: unknown };
      type.resolveType = (value: { type: string }) => value.type;
    }
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", async () => {
        const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> };
        const username = (request.headers.authorization ?? "").replace("Bearer ", "");
        const contextValue = { username, lose: () => request.socket.destroy() };
        const result = await execute({
          schema,
          document: parse(query),
          variableValues: variables,
          rootValue: graph.#root,
          contextValue,
        });
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify(result));
      });
    });
    const sockets = new WebSocketServer({ server, path: "/graphql" });
    const graph: ScriptedGraph = new ScriptedGraph(server, sockets);
    useServer(
      { schema, subscribe, roots: { subscription: graph.#subscriptionRoot }, context: ({ extra }) => extra },
      sockets,
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return graph;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  addUser(username: string): GraphUser {
    const user = { id: crypto.randomUUID(), username, displayName: username, devicesVersion: 0, devices: [] };
    this.users.set(username, user);
    return user;
  }

  user(username: string): GraphUser {
    const user = this.users.get(username);
    if (user === undefined) throw new Error(`no user ${username}`);
    return user;
  }

  /** Resolves with the nth subscription, from 1. */
  async subscription(nth: number): Promise<Subscription> {
    for (;;) {
      const subscription = this.subscriptions[nth - 1];
      if (subscription !== undefined) return subscription;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  readonly #root = {
    me: (_: unknown, context: { username: string }) => this.user(context.username),
    user: ({ username }: { username: string }) => this.users.get(username) ?? null,
    conversation: ({ id }: { id: string }) => {
      const users = [...this.users.values()];
      const members = users.flatMap((a) => users.filter((b) => directConversationId(a.id, b.id) === id));
      return members.length === 0 ? null : { id, members };
    },
    registerDevice: ({ input }: { input: GraphDevice }, context: { username: string }) => {
      const user = this.user(context.username);
      const device = { ...input, id: crypto.randomUUID(), revokedAt: null };
      const known = user.devices.find(({ signingKey }) => signingKey === input.signingKey);
      if (known !== undefined) return { ...known, user };
      user.devices.push(device);
      user.devicesVersion++;
      return { ...device, user };
    },
    directConversation: ({ withUserId }: { withUserId: string }, context: { username: string }) => ({
      id: directConversationId(this.user(context.username).id, withUserId),
    }),
    sendMessage: async ({ input }: { input: SentInput }, context: { lose: () => void }) => {
      this.sent.push(structuredClone({ ...input }));
      const answer = this.sendAnswers.shift();
      if (answer === "lose the answer") context.lose();
      else if (answer === "never answer") await new Promise(() => undefined);
      else if (answer !== undefined && "code" in answer) throw new GraphQLError(answer.code, { extensions: answer });
      else if (answer !== undefined && "contentHash" in answer) {
        return { type: "MessageAccepted", id: input.id, contentHash: answer.contentHash };
      } else if (answer !== undefined) {
        const users = answer.stale.map((name) => this.user(name));
        return { type: "StaleDevices", users: users.map(({ id, devicesVersion }) => ({ userId: id, devicesVersion })) };
      }
      return { type: "MessageAccepted", id: input.id, contentHash: await contentHashOf(input) };
    },
    acknowledge: ({ deviceId, cursor }: { deviceId: string; cursor: string }) => {
      this.acknowledged.push(cursor);
      return { deviceId, cursor };
    },
    markRead: ({ messageIds }: { messageIds: string[] }) => messageIds,
  };

  readonly #subscriptionRoot = {
    inbox: (variables: Record<string, unknown>, context: { socket: { terminate(): void } }) => {
      const frames: ({ inbox: Frame } | Error)[] = [];
      let wake: (() => void) | undefined;
      const add = (item: { inbox: Frame } | Error) => {
        frames.push(item);
        wake?.();
      };
      const subscription: Subscription = {
        variables,
        push: (frame) => add({ inbox: frame }),
        fail: (code) => add(new GraphQLError(code, { extensions: { code } })),
        drop: () => context.socket.terminate(),
      };
      this.subscriptions.push(subscription);
      for (const resolve of this.#waiting.splice(0)) resolve();
      this.onSubscribe(subscription);
      return (async function* () {
        for (;;) {
          const item = frames.shift();
          if (item instanceof Error) throw item;
          if (item === undefined) await new Promise<void>((resolve) => (wake = resolve));
          else yield item;
        }
      })();
    },
  };
}
