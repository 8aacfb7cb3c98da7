/** Alice and Bob with devices on the running system; what they opened is revoked and closed after the test. */
import { inject } from "vitest";
import { fillLoginForm } from "../demo/login-form.ts";
import { SealgraphClient, memoryStore, type ClientOptions, type InboxEvent } from "../src/index.ts";
import { signIn, type Session } from "../src/node/sign-in.ts";

export type Person = "alice" | "bob";

export class People {
  readonly #sessions = new Map<Person, Promise<Session>>();
  #clients: SealgraphClient[] = [];

  session(name: Person): Promise<Session> {
    let session = this.#sessions.get(name);
    if (session === undefined) {
      session = signIn({ issuer: inject("system").oidcIssuer, authorize: fillLoginForm(name, name) });
      this.#sessions.set(name, session);
    }
    return session;
  }

  async open(name: Person, options: Partial<ClientOptions> = {}): Promise<SealgraphClient> {
    const session = await this.session(name);
    const client = await SealgraphClient.open({
      url: inject("system").gatewayUrl,
      store: memoryStore(),
      token: () => session.token(),
      deviceName: `${name}'s test device`,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** There is a limit of devices per user, and other tests have theirs. */
  async leave(): Promise<void> {
    const clients = this.#clients;
    this.#clients = [];
    await Promise.all(clients.map((client) => client.close()));
    for (const client of clients) {
      const again = await this.open(client.device.username as Person, { store: await storeOf(client) });
      await again.revokeDevice();
      await again.close();
    }
    this.#clients = [];
  }
}

/** A store with nothing but the device. */
async function storeOf({ device }: SealgraphClient): Promise<ClientOptions["store"]> {
  const { id, userId, username, name, suite, keys } = device;
  const store = memoryStore();
  await store.saveDevice({ id, userId, username, name, suite: suite.name, keys: await suite.exportKeys(keys) });
  return store;
}

/** Reads a client's inbox in the background and keeps all that it tells. */
export class Reader {
  readonly events: InboxEvent[] = [];
  error: unknown;
  readonly ended: Promise<void>;

  constructor(client: SealgraphClient) {
    this.ended = (async () => {
      try {
        for await (const event of client.inbox()) this.events.push(event);
      } catch (error) {
        this.error = error;
      }
    })();
  }

  get texts(): string[] {
    return this.events.flatMap((event) =>
      event.type === "message" && event.message.content.type === "text" ? [event.message.content.text] : [],
    );
  }

  types(): string[] {
    return this.events.map(({ type }) => type);
  }
}
