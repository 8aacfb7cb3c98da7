/**
 * Alice and Bob: `node client/demo/play.ts` against a running system (config.ts says which variables). Every step shows
 * what somebody sees, and checks it; the play ends with 0 only when all of it was so.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { describeContent, e2ee1, type InboxEvent, type SentMessage } from "../src/index.ts";
import { Actor } from "./actor.ts";
import { readPlayConfig, type PlayConfig } from "./config.ts";
import { findText } from "./find-text.ts";
import { createPage, type Page } from "./page.ts";
import { Database, tapKafka, type KafkaTap, type SeenRecord, type StoredRows } from "./server-side.ts";
import { flipsOneBit, signsWith } from "./tampering.ts";

const question = "Bob, the key is under the third flowerpot.";
const answer = "Found it. I will water the flowers, too.";
const tampered = "This one is changed on its way.";
const forged = "This one Alice never signed.";
const last = "And all is well again.";
const texts = [question, answer, tampered, forged, last];

const patienceMs = 30_000;
const pollMs = 50;

class Play {
  readonly #page: Page;
  readonly #config: PlayConfig;
  #checks = 0;
  #failures = 0;

  constructor(page: Page, config: PlayConfig) {
    this.#page = page;
    this.#config = config;
  }

  /** @returns whether everything was so. */
  async run(): Promise<boolean> {
    const startedAt = performance.now();
    const folder = mkdtempSync(join(this.#config.folder, "sealgraph-demo-"));
    const removeFolder = () => rmSync(folder, { recursive: true, force: true });
    // Also when the play is interrupted.
    process.once("exit", removeFolder);
    const database = new Database(this.#config.databaseUrl);
    let kafka: KafkaTap | undefined;
    const actors: Actor[] = [];
    try {
      await database.connect();
      kafka = await tapKafka(this.#config.kafkaBrokers);
      this.#page.say("Alice writes to Bob. We look over everybody's shoulder: the network's, the server's, and Bob's.");
      const [alice, bob] = await this.#signIn(folder, actors);
      await this.#registerKeys(alice, bob);
      const sent = await this.#send(alice, bob);
      this.#showWire(alice, sent);
      const record = await this.#showKafka(kafka, sent);
      await this.#showPostgres(database, record, sent, [alice, bob]);
      await this.#receive(alice, bob, sent);
      await this.#reply(alice, bob, sent);
      await this.#refuse(alice, bob);
      await this.#searchEverywhere([alice, bob], kafka, database);
    } finally {
      await Promise.all([...actors.map((actor) => actor.leave()), kafka?.stop(), database.close()]);
      removeFolder();
    }
    return this.#summary(startedAt);
  }

  async #signIn(folder: string, actors: Actor[]): Promise<[Actor, Actor]> {
    const page = this.#page;
    page.heading("Signing in");
    page.say(
      "Each signs in with the identity provider: authorization code with PKCE. The passwords go to the provider alone; " +
        "the graph sees a signed token that is good for minutes.",
    );
    const { gatewayUrl, oidcIssuer: issuer } = this.#config;
    const signIn = async (username: string) => {
      const actor = await Actor.signIn({ username, gatewayUrl, issuer, folder });
      actors.push(actor);
      return actor;
    };
    const alice = await signIn("alice");
    const bob = await signIn("bob");
    const claims = claimsOf(await alice.session.token());
    page.show("Alice's token says", `sub ${claims.sub}, aud ${String(claims.aud)}`);
    this.#check("the token is for this graph", String(claims.aud) === "sealgraph");
    return [alice, bob];
  }

  async #registerKeys(alice: Actor, bob: Actor): Promise<void> {
    const page = this.#page;
    page.heading("Keys are made and registered");
    page.say(
      "Each device makes an RSA key to read with and an Ed25519 key to sign with. The public halves are registered, " +
        "signed by both; the private halves stay in a file that only its owner can read, under a passphrase.",
    );
    for (const actor of [alice, bob]) {
      await actor.openDevice();
      const { device } = actor.client;
      page.show(
        `public signing key of ${actor.username}'s device ${device.id}`,
        pemBody(device.keys.public.signingKey),
      );
      const file = readFileSync(actor.storePath);
      this.#check(`${actor.username}'s file has mode 0600`, actor.storeMode() === "0600");
      const exported = JSON.parse(await device.suite.exportKeys(device.keys)) as { signing: { d: string } };
      const sent = actor.wire.map(({ text }) => text).join("\n");
      this.#check("the private key is not in it in the clear", !file.includes(exported.signing.d));
      this.#check("the private key did not cross the network", !sent.includes(exported.signing.d));
    }
    alice.listen();
    bob.listen();
    await Promise.all([
      alice.saw("the end of replay", isOf("caughtUp")),
      bob.saw("the end of replay", isOf("caughtUp")),
    ]);
  }

  async #send(alice: Actor, bob: Actor): Promise<SentMessage> {
    const page = this.#page;
    page.heading("Alice encrypts and sends");
    page.say("Alice's device signs the text, encrypts it once, and wraps the key for each device that shall read it.");
    page.quote("Alice writes", question);
    const sent = await alice.client.send(bob.username, question);
    page.show("message id (her own)", sent.id);
    this.#check(
      "the graph has kept it (Kafka acknowledged)",
      ["accepted", "stored", "delivered"].includes(sent.status),
    );
    return sent;
  }

  #showWire(alice: Actor, sent: SentMessage): void {
    const page = this.#page;
    page.heading("What the network saw");
    page.say("The request from Alice's device, as it left. The body is a JWE, the header Bob's wrapped key.");
    const request = alice.wire.find(
      ({ direction, text }) => direction === "sent" && text.includes(`"id":"${sent.id}"`),
    );
    const { variables } = JSON.parse(request?.text ?? "{}") as { variables: { input: SentInput } };
    const { body, recipients } = variables.input;
    page.show("body", body);
    page.show("header for Bob's device", recipients.flatMap(({ headers }) => headers)[0]?.header ?? "");
    page.show("the body decoded", decode(body));
    this.#checkHidden("the text is not in the request", question, request?.text ?? question);
  }

  async #showKafka(kafka: KafkaTap, sent: SentMessage): Promise<SeenRecord> {
    const page = this.#page;
    page.heading("What the server saw");
    page.say("The record on Kafka's topic incoming-messages, the first place where the server keeps the message.");
    const record = await until("the record on Kafka", () =>
      kafka.records.find(({ topic, value }) => topic === "incoming-messages" && value.includes(`"id":"${sent.id}"`)),
    );
    page.show("place", `${record.topic}, partition ${record.partition}, offset ${record.offset}`);
    page.show("key (the conversation)", record.key);
    page.show("value", record.value);
    this.#checkHidden("the text is not in the record", question, record.value);
    return record;
  }

  async #showPostgres(
    database: Database,
    record: SeenRecord,
    sent: SentMessage,
    [alice, bob]: [Actor, Actor],
  ): Promise<void> {
    const page = this.#page;
    page.heading("What Postgres holds");
    page.say(
      "The processor sealed Alice's ciphertext once more, under a data key. The data key is stored wrapped by a master " +
        "key that never leaves the KMS: a stolen database shows not even which ciphertext was sent.",
    );
    const rows = await until("the row in Postgres", () => database.message(sent.id));
    page.show("messages.sealed_body (hex)", rows.sealedBody);
    page.show("data_keys.wrapped_key (hex)", rows.wrappedKey);
    page.show("wrapped by", rows.masterKeyId);
    const frame = rows.frames.find(({ deviceId }) => deviceId === bob.client.device.id);
    page.show(`mailbox of Bob's device, frame ${frame?.seq}: sealed_header (hex)`, frame?.sealedHeader ?? "");
    this.#check("there is a frame in the mailbox of Bob's device", frame !== undefined);
    const toSender = rows.frames.some(({ deviceId }) => deviceId === alice.client.device.id);
    this.#check("and none in that of the device that sent it", !toSender);
    this.#check("what Alice sent is not in the row: it is sealed twice", isSealedAgain(rows, record));
    this.#checkHidden("the text is not in the row", question, JSON.stringify(rows));
  }

  async #receive(alice: Actor, bob: Actor, sent: SentMessage): Promise<void> {
    const page = this.#page;
    page.heading("The frame arrives at Bob");
    page.say(
      "Bob's device had subscribed to its mailbox. Frames are numbered without a gap, so it knows that none is missing.",
    );
    const event = await bob.saw("Alice's message", isMessage(sent.id));
    const frame = bob.wire.find(
      ({ over, direction, text }) => over === "websocket" && direction === "received" && text.includes(sent.id),
    );
    page.show("frame over the WebSocket", frame?.text ?? "");
    page.show("its number", String(event.seq));
    this.#checkHidden("the text is not in the frame", question, frame?.text ?? question);
    page.say(
      "Bob's device unwraps its key, decrypts, checks Alice's signature and that the frame is the one she signed:",
    );
    page.quote("Bob reads", describeContent(event.message.content));
    this.#check("it is what Alice wrote", describeContent(event.message.content) === question);
    this.#check("it is Alice's device that signed", event.message.senderDevice === alice.client.device.id);
  }

  async #reply(alice: Actor, bob: Actor, sent: SentMessage): Promise<void> {
    const page = this.#page;
    page.heading("Bob answers, and receipts arrive");
    page.say(
      "Bob marks the message as read and writes back. Alice learns what became of hers from frames in her own mailbox.",
    );
    // Bob's device acknowledges by itself; reading before that would make the receipt for delivery needless.
    await alice.saw("the receipt delivered", isReceipt("delivered", sent.id));
    await bob.client.markRead([sent.id]);
    const reply = await bob.client.send(alice.username, answer);
    const event = await alice.saw("Bob's answer", isMessage(reply.id));
    page.quote("Alice reads", describeContent(event.message.content));
    this.#check("it is what Bob wrote", describeContent(event.message.content) === answer);
    for (const kind of ["stored", "delivered", "read"] as const) {
      const receipt = await alice.saw(`the receipt ${kind}`, isReceipt(kind, sent.id));
      this.#check(`receipt ${kind} at ${receipt.at}`, receipt.messageIds.includes(sent.id));
    }
  }

  async #refuse(alice: Actor, bob: Actor): Promise<void> {
    const page = this.#page;
    page.heading("A changed and a forged message");
    page.say(
      "The server cannot look inside, so it delivers whatever it is given. Now Alice's program is made to lie: once a " +
        "single bit of the ciphertext is flipped after encryption, once the message is signed with a stranger's key.",
    );
    const cases = [
      { text: tampered, what: "one bit flipped", code: "DECRYPTION_FAILED", suite: flipsOneBit },
      {
        text: forged,
        what: "a stranger's signature",
        code: "SIGNATURE_INVALID",
        suite: signsWith(await e2ee1.generateKeys()),
      },
    ];
    for (const { text, what, code, suite } of cases) {
      const liar = await alice.lyingClient(suite);
      const { id, status } = await liar.send(bob.username, text);
      await liar.close();
      this.#check(`${what}: the server accepted it`, status !== "failed" && status !== "queued");
      const { refused } = await bob.saw(`the refusal (${what})`, isRefused(id));
      page.quote("Bob is told", `${refused.code}: ${refused.reason}`);
      this.#check(`Bob refuses it with ${code}`, refused.code === code);
      const shown = bob.events.some((event) => event.type === "message" && event.message.id === id);
      this.#check(
        "it is kept for inspection, not shown as a message",
        !shown && (await bob.client.refused()).some(({ messageId }) => messageId === id),
      );
    }
    const after = await alice.client.send(bob.username, last);
    await bob.saw("the next message", isMessage(after.id));
    this.#check("the next true message comes through", true);
  }

  async #searchEverywhere(actors: Actor[], kafka: KafkaTap, database: Database): Promise<void> {
    const page = this.#page;
    page.heading("Looking for the texts everywhere");
    page.say(
      "All five texts, the two that were read and the three of the step before, are searched for as UTF-8, hex and " +
        "base64, and inside of everything that is encoded so.",
    );
    const tables = await database.everything();
    const places: [string, string[]][] = [
      ...actors.map(({ username, wire }): [string, string[]] => [
        `${username}'s network traffic`,
        wire.map(({ text }) => text),
      ]),
      ["Kafka's records", kafka.records.map(({ key, value }) => `${key} ${value}`)],
      [`Postgres's ${tables.length} tables`, tables.flatMap(({ rows }) => rows)],
    ];
    for (const [name, pieces] of places) {
      const found = pieces.flatMap((piece) => texts.map((text) => findText(text, Buffer.from(piece))));
      const how = found.find((way) => way !== undefined);
      this.#check(
        `not in ${name} (${pieces.length} pieces)${how === undefined ? "" : `: found as ${how}`}`,
        how === undefined,
      );
    }
    // A search that finds nothing anywhere proves nothing.
    const bobsMessages = JSON.stringify(
      await actors[1]?.client.messages((await actors[1].client.conversations())[0]?.id ?? ""),
    );
    this.#check(
      "but in Bob's own store, where it belongs",
      findText(question, Buffer.from(bobsMessages)) !== undefined,
    );
    const lists = [kafka.records.length, tables.find(({ table }) => table === "messages.messages")?.rows.length ?? 0];
    this.#check(
      "and there was something to search",
      lists.every((length) => length >= 5),
    );
  }

  #summary(startedAt: number): boolean {
    const page = this.#page;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    page.heading("Summary");
    const held = this.#checks - this.#failures;
    page.say(
      this.#failures === 0
        ? `All ${this.#checks} checks held, in ${seconds} s. Only Alice's and Bob's devices ever had the texts; the ` +
            "network, Kafka and Postgres had ciphertext, sealed a second time at rest; what was changed or forged was refused."
        : `${held} of ${this.#checks} checks held, ${this.#failures} did not, in ${seconds} s.`,
    );
    return this.#failures === 0;
  }

  #check(what: string, holds: boolean): void {
    this.#checks++;
    if (holds) return this.#page.good(what);
    this.#failures++;
    this.#page.bad(what);
  }

  #checkHidden(what: string, text: string, where: string): void {
    this.#check(what, findText(text, Buffer.from(where)) === undefined);
  }
}

interface SentInput {
  body: string;
  recipients: { headers: { header: string }[] }[];
}

const isOf =
  <T extends InboxEvent["type"]>(type: T) =>
  (event: InboxEvent): event is Extract<InboxEvent, { type: T }> =>
    event.type === type;
const isMessage =
  (id: string) =>
  (event: InboxEvent): event is Extract<InboxEvent, { type: "message" }> =>
    event.type === "message" && event.message.id === id;
const isRefused =
  (id: string) =>
  (event: InboxEvent): event is Extract<InboxEvent, { type: "refused" }> =>
    event.type === "refused" && event.refused.messageId === id;
const isReceipt =
  (kind: "stored" | "delivered" | "read", id: string) =>
  (event: InboxEvent): event is Extract<InboxEvent, { type: "stored" | "delivered" | "read" }> =>
    event.type === kind && event.messageIds.includes(id);

/** The ciphertext that the client sent, in none of its forms, is in the row; the row is longer by nonce and tag. */
function isSealedAgain(rows: StoredRows, record: SeenRecord): boolean {
  const { body } = JSON.parse(record.value) as { body: string };
  const { ciphertext } = JSON.parse(decode(body)) as { ciphertext: string };
  const row = Buffer.from(rows.sealedBody, "hex");
  const forms = [
    Buffer.from(body),
    Buffer.from(body, "base64url"),
    Buffer.from(ciphertext),
    Buffer.from(ciphertext, "base64url"),
  ];
  return (
    row.length > Buffer.from(body, "base64url").length && forms.every((form) => !row.includes(form.subarray(0, 24)))
  );
}

function decode(base64url: string): string {
  return Buffer.from(base64url, "base64url").toString("utf8");
}

function pemBody(pem: string): string {
  return pem.replaceAll(/-----[^-]+-----|\s/g, "");
}

function claimsOf(token: string): { sub: string; aud: unknown } {
  return JSON.parse(decode(token.split(".")[1] ?? "")) as { sub: string; aud: unknown };
}

async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come within ${patienceMs} ms`);
    await sleep(pollMs);
  }
}

// kafkajs schedules work for the past (its author is gone), which Node 24 warns of.
process.removeAllListeners("warning");
process.on("warning", (warning) => {
  if (warning.name !== "TimeoutNegativeWarning") process.stderr.write(`${warning.name}: ${warning.message}\n`);
});

for (const [signal, exitCode] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.once(signal, () => process.exit(exitCode));
}

try {
  const config = readPlayConfig(process.env, process.stdout);
  const page = createPage({ ...config, write: (text) => process.stdout.write(text) });
  process.exitCode = (await new Play(page, config).run()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`The play broke off: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof TypeError ? 2 : 1;
}
