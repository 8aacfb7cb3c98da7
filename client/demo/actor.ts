/** A person of the play: signed in, with a device of their own, a store on disk, and everything their network card saw. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { SealgraphClient, type InboxEvent, type Suite, type WireEvent } from "../src/index.ts";
import { signIn, type Session } from "../src/node/sign-in.ts";
import { sqliteStore } from "../src/store/sqlite.ts";
import { fillLoginForm } from "./login-form.ts";

export interface ActorOptions {
  username: string;
  gatewayUrl: string;
  issuer: string;
  /** For the store. */
  folder: string;
}

/** What is waited for comes within this time, or the play has failed. */
const patienceMs = 30_000;

export class Actor {
  readonly username: string;
  readonly wire: WireEvent[] = [];
  readonly events: InboxEvent[] = [];
  readonly session: Session;
  readonly storePath: string;
  readonly #options: ActorOptions;
  readonly #store: ReturnType<typeof sqliteStore>;
  #client: SealgraphClient | undefined;
  #reading: Promise<void> = Promise.resolve();
  #failure: unknown;
  #arrived: (() => void)[] = [];

  private constructor(options: ActorOptions, session: Session) {
    this.username = options.username;
    this.session = session;
    this.#options = options;
    this.storePath = join(options.folder, `${options.username}.db`);
    this.#store = sqliteStore({ path: this.storePath, passphrase: `the passphrase of ${options.username}` });
  }

  static async signIn(options: ActorOptions): Promise<Actor> {
    const { issuer, username } = options;
    // The local provider's users have their names as passwords.
    return new Actor(options, await signIn({ issuer, authorize: fillLoginForm(username, username) }));
  }

  get client(): SealgraphClient {
    if (this.#client === undefined) throw new Error(`${this.username} has no device yet`);
    return this.#client;
  }

  /** Makes keys and registers the device. */
  async openDevice(): Promise<void> {
    this.#client = await this.#open();
  }

  /** The same device, driven by a program that lies. */
  lyingClient(suite: Suite): Promise<SealgraphClient> {
    return this.#open(suite);
  }

  listen(): void {
    this.#reading = (async () => {
      try {
        for await (const event of this.client.inbox()) {
          this.events.push(event);
          for (const wake of this.#arrived.splice(0)) wake();
        }
      } catch (error) {
        this.#failure = error;
        for (const wake of this.#arrived.splice(0)) wake();
      }
    })();
  }

  /** The first event that fits, past or to come. */
  async saw<T extends InboxEvent>(what: string, fits: (event: InboxEvent) => event is T): Promise<T> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const event = this.events.find(fits);
      if (event !== undefined) return event;
      if (this.#failure !== undefined) throw this.#failure;
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`${this.username} did not see ${what} within ${patienceMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#arrived.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  storeMode(): string {
    return (statSync(this.storePath).mode & 0o777).toString(8).padStart(4, "0");
  }

  /** The device is revoked, so that plays do not add up to the limit of devices per user. */
  async leave(): Promise<void> {
    await this.#client?.revokeDevice().catch(() => undefined);
    await this.#client?.close();
    await this.#reading;
    await this.#store.close();
  }

  #open(suite?: Suite): Promise<SealgraphClient> {
    return SealgraphClient.open({
      url: this.#options.gatewayUrl,
      store: this.#store,
      token: () => this.session.token(),
      deviceName: `${this.username}'s laptop`,
      onWire: (event) => this.wire.push(event),
      ...(suite === undefined ? {} : { suite }),
    });
  }
}
