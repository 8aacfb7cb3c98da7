import { Client } from "pg";
import { describe, expect, inject, it } from "vitest";

type Role = "keys" | "messages" | "processor" | "maintenance";

/** Runs one statement as the role in a transaction that is rolled back; its SQLSTATE, or null when it was allowed. */
async function attempt(role: Role, sql: string): Promise<string | null> {
  const client = new Client({ connectionString: inject("system").databaseUrls[role] });
  await client.connect();
  try {
    await client.query("BEGIN");
    await client.query(sql);
    return null;
  } catch (error) {
    return (error as { code?: string }).code ?? "unknown";
  } finally {
    await client.end();
  }
}

const denied = "42501";
const nothing = "00000000-0000-4000-8000-000000000000";
const messagesTables = [
  "conversations",
  "conversation_members",
  "accepted_messages",
  "messages",
  "mailboxes",
  "frames",
  "message_marks",
  "data_keys",
  "partition_offsets",
];

describe("the messages subgraph's role reads schema messages and writes nothing", () => {
  it.each(messagesTables)("%s", async (table) => {
    expect(await attempt("messages", `SELECT * FROM messages.${table} LIMIT 1`)).toBeNull();
    expect(await attempt("messages", `INSERT INTO messages.${table} DEFAULT VALUES`)).toBe(denied);
    expect(await attempt("messages", `DELETE FROM messages.${table}`)).toBe(denied);
  });
  it("updates nothing either", async () => {
    expect(await attempt("messages", "UPDATE messages.mailboxes SET acknowledged = 0")).toBe(denied);
  });
});

describe("the processor's role is the writer of schema messages", () => {
  it("inserts and updates", async () => {
    expect(await attempt("processor", `INSERT INTO messages.conversations (id) VALUES ('${nothing}')`)).toBeNull();
    expect(
      await attempt("processor", `UPDATE messages.mailboxes SET head = head WHERE device_id = '${nothing}'`),
    ).toBeNull();
  });
  it.each(messagesTables)("deletes nothing from %s", async (table) => {
    expect(await attempt("processor", `DELETE FROM messages.${table}`)).toBe(denied);
    expect(await attempt("processor", `TRUNCATE messages.${table}`)).toBe(denied);
  });
});

describe("the maintenance role deletes what may be deleted", () => {
  it.each(["messages", "frames", "accepted_messages", "message_marks"])("%s", async (table) => {
    expect(await attempt("maintenance", `DELETE FROM messages.${table} WHERE false`)).toBeNull();
  });
  it.each(["conversations", "conversation_members", "partition_offsets"])("but not from %s", async (table) => {
    expect(await attempt("maintenance", `DELETE FROM messages.${table} WHERE false`)).toBe(denied);
  });
  it("writes no message", async () => {
    expect(await attempt("maintenance", "INSERT INTO messages.messages DEFAULT VALUES")).toBe(denied);
  });
});

describe("schemas are closed to each other's services", () => {
  it("keys reads and writes its own", async () => {
    expect(await attempt("keys", "SELECT * FROM keys.users, keys.devices, keys.directory_outbox LIMIT 1")).toBeNull();
    expect(
      await attempt("keys", `INSERT INTO keys.directory_outbox (user_id, payload) VALUES ('${nothing}', '{}')`),
    ).toBeNull();
  });
  it("keys deletes no user and no device", async () => {
    expect(await attempt("keys", "DELETE FROM keys.users")).toBe(denied);
    expect(await attempt("keys", "DELETE FROM keys.devices")).toBe(denied);
  });
  it.each(messagesTables)("keys cannot read messages.%s", async (table) => {
    expect(await attempt("keys", `SELECT * FROM messages.${table}`)).toBe(denied);
  });
  it.each(["messages", "processor", "maintenance"] as const)("%s cannot read schema keys", async (role) => {
    expect(await attempt(role, "SELECT * FROM keys.users")).toBe(denied);
  });
});

it.each(["keys", "messages", "processor", "maintenance"] as const)(
  "%s sees no migration history and makes no table",
  async (role) => {
    const own = role === "keys" ? "keys" : "messages";
    expect(await attempt(role, `SELECT * FROM ${own}._prisma_migrations`)).toBe(denied);
    expect(await attempt(role, `CREATE TABLE ${own}.mine (id int)`)).toBe(denied);
    expect(await attempt(role, "CREATE TABLE public.mine (id int)")).toBe(denied);
    expect(await attempt(role, "CREATE SCHEMA mine")).toBe(denied);
  },
);
