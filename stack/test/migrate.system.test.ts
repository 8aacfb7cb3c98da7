import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { afterEach, beforeEach, expect, inject, it } from "vitest";
import { runMigrate } from "../src/commands/migrate.ts";
import { findDrift, migrate } from "../src/migrate.ts";

let name: string;
let url: string;
let admin: Client;

/** Each test has an empty database of its own beside the system's. */
beforeEach(async () => {
  const { admin: adminUrl } = inject("system").databaseUrls;
  name = `migrate_${randomBytes(4).toString("hex")}`;
  url = Object.assign(new URL(adminUrl), { pathname: `/${name}` }).href;
  admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
});
afterEach(async () => {
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.end();
});

async function query(sql: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

it("applies each migration once, records it in the owner's schema, and says what it applied", async () => {
  const first = await migrate(url);
  expect(first.map(({ owner }) => owner)).toEqual(["keys", "messages"]);
  for (const { owner, migrations } of first) {
    expect(migrations.length).toBeGreaterThan(0);
    const recorded = await query(
      `SELECT migration_name FROM ${owner}._prisma_migrations WHERE finished_at IS NOT NULL ORDER BY 1`,
    );
    expect(recorded.map((row) => row["migration_name"])).toEqual(migrations);
  }
  expect((await migrate(url)).flatMap(({ migrations }) => migrations)).toEqual([]);
});

it("lets two runs at once end with everything applied once", async () => {
  const runs = await Promise.all([migrate(url), migrate(url)]);
  const [a, b] = runs.map((run) => run.flatMap(({ migrations }) => migrations).length);
  expect(Math.min(a ?? -1, b ?? -1)).toBe(0);
  expect(Math.max(a ?? -1, b ?? -1)).toBeGreaterThan(0);
});

it("finds that the migrations give exactly schema.prisma", async () => {
  await migrate(url);
  expect(await findDrift(url)).toEqual([
    { owner: "keys", sql: null },
    { owner: "messages", sql: null },
  ]);
});

it("finds a column and an index that are not in schema.prisma", async () => {
  await migrate(url);
  await query(`ALTER TABLE keys.users ADD COLUMN extra text; DROP INDEX messages.frames_message_id_idx`);
  const [keys, messages] = await findDrift(url);
  expect(keys?.sql).toMatch(/DROP COLUMN "extra"/);
  expect(messages?.sql).toMatch(/CREATE INDEX "frames_message_id_idx"/);
});

it("answers with exit codes: 0 applied, 2 no address, 1 no database, 3 differences", async () => {
  expect(await runMigrate([], {})).toBe(2);
  expect(await runMigrate(["--nonsense"], { DATABASE_URL_ADMIN: url })).toBe(2);
  expect(await runMigrate([], { DATABASE_URL_ADMIN: "postgresql://admin:secret@127.0.0.1:1/x" })).toBe(1);
  expect(await runMigrate([], { DATABASE_URL_ADMIN: "postgresql://admin@127.0.0.1:1/x" })).toBe(2); // would wait in vain
  expect(await runMigrate([], { DATABASE_URL_ADMIN: url })).toBe(0);
  expect(await runMigrate(["--check"], { DATABASE_URL_ADMIN: url })).toBe(0);
  await query("ALTER TABLE keys.users ADD COLUMN extra text");
  expect(await runMigrate(["--check"], { DATABASE_URL_ADMIN: url })).toBe(3);
});
