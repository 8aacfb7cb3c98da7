import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { caughtUp, messageIds, OpaqueDevice } from "../../../e2e/opaque-device.ts";
import { soon } from "./keys-under-test.ts";

const system = inject("system");
const main = fileURLToPath(new URL("../src/silent-devices/main.ts", import.meta.url));
const urls = {
  DATABASE_URL: system.databaseUrls.keys,
  MAINTENANCE_DATABASE_URL: system.databaseUrls.maintenance,
};

async function run(flags: string[] = [], env: Record<string, string> = urls) {
  const child = spawn(process.execPath, [main, ...flags], { env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: code as number | null, stdout, stderr };
}

const database = new Client({ connectionString: system.databaseUrls.admin });
const row = async (sql: string, values: unknown[]) => (await database.query(sql, values)).rows[0];
const mailboxOf = async ({ id }: OpaqueDevice) => {
  const mailbox = await row("SELECT head, acknowledged FROM messages.mailboxes WHERE device_id = $1", [id]);
  return { head: Number(mailbox?.head ?? 0), acknowledged: Number(mailbox?.acknowledged ?? 0) };
};
const revokedAtOf = async ({ id }: OpaqueDevice): Promise<Date | null> =>
  (await row("SELECT revoked_at FROM keys.devices WHERE id = $1", [id])).revoked_at;
const versionOf = async ({ userId }: OpaqueDevice): Promise<number> =>
  (await row("SELECT devices_version FROM keys.users WHERE id = $1", [userId])).devices_version;
/** What the device's inbox answers: the code of its refusal, or nothing. */
const refusalOf = (device: OpaqueDevice) =>
  device.collect(caughtUp).then(
    () => undefined,
    (errors) => errors[0]?.extensions?.code ?? errors,
  );

/** For hooks, where expect.poll is not to be had. */
const becomes = (device: OpaqueDevice, mailbox: { head: number; acknowledged: number }) =>
  vi.waitFor(async () => expect(await mailboxOf(device)).toEqual(mailbox), soon);

describe("revoke-silent-devices", () => {
  let alice: OpaqueDevice;
  /** Bob's: its oldest frame has waited for 91 days. */
  let silent: OpaqueDevice;
  /** Bob's: got the same old message and has acknowledged all, long ago. */
  let idle: OpaqueDevice;
  /** Bob's: has a new frame only. */
  let fresh: OpaqueDevice;
  let devices: OpaqueDevice[] = [];

  beforeAll(async () => {
    await database.connect();
    alice = await OpaqueDevice.register(system, "alice");
    silent = await OpaqueDevice.register(system, "bob");
    idle = await OpaqueDevice.register(system, "bob", { keepOthers: true });
    const old = (await alice.inputTo("bob"))();
    await alice.sendSurely(old);
    await idle.collect((frames) => messageIds(frames).includes(old.id));
    fresh = await OpaqueDevice.register(system, "bob", { keepOthers: true });
    devices = [alice, silent, idle, fresh];
    const recent = (await alice.inputTo("bob"))();
    await alice.sendSurely(recent);
    const frames = await idle.collect((all) => messageIds(all).includes(recent.id));
    await idle.acknowledge(frames.at(-1)?.cursor ?? "");
    await becomes(idle, { head: 2, acknowledged: 2 });
    await becomes(silent, { head: 2, acknowledged: 0 });
    await becomes(fresh, { head: 1, acknowledged: 0 });

    // Time passes.
    await database.query("UPDATE messages.messages SET stored_at = stored_at - interval '91 days' WHERE id = $1", [
      old.id,
    ]);
    await database.query(
      `UPDATE messages.mailboxes SET created_at = created_at - interval '100 days',
         acknowledged_at = acknowledged_at - interval '91 days' WHERE device_id = ANY ($1)`,
      [[silent.id, idle.id, fresh.id]],
    );
  });
  afterAll(async () => {
    for (const device of devices) await device.close();
    await database.end();
  });

  it("says with --dry-run which it would revoke, and changes nothing", async () => {
    const version = await versionOf(silent);
    const { code, stdout, stderr } = await run(["--dry-run"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`would revoke device ${silent.id} of user ${silent.userId}: a frame waits since `);
    for (const other of [alice, idle, fresh]) expect(stdout).not.toContain(other.id);
    expect(await revokedAtOf(silent)).toBeNull();
    expect(await versionOf(silent)).toBe(version);
    expect(await refusalOf(silent)).toBeUndefined();
  });

  it("leaves a device alone that has waited for less than SILENT_DEVICE_DAYS", async () => {
    const { code, stdout } = await run([], { ...urls, SILENT_DEVICE_DAYS: "92" });
    expect(code).toBe(0);
    expect(stdout).not.toContain(silent.id);
    expect(await revokedAtOf(silent)).toBeNull();
  });

  it("run twice at once revokes a silent device once, and neither a fresh nor an idle one", async () => {
    const version = await versionOf(silent);
    const runs = await Promise.all([run(), run()]);
    for (const { code, stderr } of runs) expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(runs.filter(({ stdout }) => stdout.includes(`revoked device ${silent.id}`))).toHaveLength(1);
    expect(await revokedAtOf(silent)).toBeInstanceOf(Date);
    expect(await versionOf(silent)).toBe(version + 1);
    for (const other of [alice, idle, fresh]) expect(await revokedAtOf(other)).toBeNull();
  });

  it("tells: the revoked device's inbox refuses with DEVICE_REVOKED, the owner's others see it in the list", async () => {
    await expect.poll(() => refusalOf(silent), soon).toBe("DEVICE_REVOKED");
    for (const other of [idle, fresh]) expect(await refusalOf(other)).toBeUndefined();
    const { data } = await idle.post<{ me: { devicesVersion: number; devices: unknown[] } }>(
      "{ me { devicesVersion devices { id revokedAt } } }",
    );
    expect(data?.me.devicesVersion).toBe(await versionOf(silent));
    expect(data?.me.devices).toContainEqual({ id: silent.id, revokedAt: (await revokedAtOf(silent))?.toISOString() });
  });

  it("run again does nothing", async () => {
    const [version, revokedAt] = [await versionOf(silent), await revokedAtOf(silent)];
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^revoked 0 devices silent for more than 90 days; looked at \d+ mailboxes\n$/);
    expect([await versionOf(silent), await revokedAtOf(silent)]).toEqual([version, revokedAt]);
  });

  it("revokes nobody for a new failure, whose frame says no time, however long the device was idle", async () => {
    const detail = { messageId: (await alice.inputTo("bob"))().id, contentHash: "AAAA", code: "ID_TAKEN" };
    await database.query("UPDATE messages.mailboxes SET head = head + 1 WHERE device_id = $1", [idle.id]);
    await database.query(
      `INSERT INTO messages.frames (device_id, seq, kind, detail)
       SELECT device_id, head, 'send_failed', $2 FROM messages.mailboxes WHERE device_id = $1`,
      [idle.id, detail],
    );
    expect((await run()).code).toBe(0);
    expect(await revokedAtOf(idle)).toBeNull();
  });

  it("looks at every mailbox once, of however many pages, and passes over devices that keys does not know", async () => {
    const strangers = Array.from({ length: 450 }, () => randomUUID());
    await database.query(
      `INSERT INTO messages.mailboxes (device_id, user_id, head, created_at)
       SELECT id, id, 1, now() - interval '200 days' FROM unnest($1::uuid[]) AS id`,
      [strangers],
    );
    try {
      const { count } = await row("SELECT count(*) FROM messages.mailboxes", []);
      const { stdout } = await run();
      expect(stdout).toBe(`revoked 0 devices silent for more than 90 days; looked at ${count} mailboxes\n`);
    } finally {
      await database.query("DELETE FROM messages.mailboxes WHERE device_id = ANY ($1)", [strangers]);
    }
  });

  it("counts receipts too, and stops at MAX_REVOCATIONS_PER_RUN", async () => {
    // Alice's device was told STORED, and never acknowledged it; Bob's fresh one grows old.
    await expect.poll(async () => (await mailboxOf(alice)).head, soon).toBeGreaterThanOrEqual(1);
    await database.query(
      "UPDATE messages.frames SET detail = jsonb_set(detail, '{at}', '\"2020-01-01T00:00:00.000Z\"') WHERE device_id = $1 AND seq = 1",
      [alice.id],
    );
    await database.query(
      `UPDATE messages.messages SET stored_at = stored_at - interval '91 days'
       WHERE id = (SELECT message_id FROM messages.frames WHERE device_id = $1 AND seq = 1)`,
      [fresh.id],
    );
    const bounded = { ...urls, MAX_REVOCATIONS_PER_RUN: "1" };
    const first = await run([], bounded);
    expect(first.stdout).toContain("stopped at MAX_REVOCATIONS_PER_RUN");
    const isRevoked = async () => [(await revokedAtOf(alice)) !== null, (await revokedAtOf(fresh)) !== null];
    expect((await isRevoked()).filter(Boolean)).toHaveLength(1);
    const second = await run([], bounded);
    expect(second.stdout).not.toContain("stopped");
    expect(await isRevoked()).toEqual([true, true]);
    expect(`${first.stdout}${second.stdout}`).toContain(
      `revoked device ${alice.id} of user ${alice.userId}: a frame waits since 2020-01-01T00:00:00.000Z`,
    );
  });

  it("tells its usage, and ends with 2 for a wrong flag or environment and 1 when a database refuses", async () => {
    const help = await run(["--help"], {});
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("SILENT_DEVICE_DAYS (90 days)");
    expect((await run(["--dryrun"])).code).toBe(2);
    const wrong = await run([], { SILENT_DEVICE_DAYS: "0", DATABASE_URL: urls.DATABASE_URL });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/MAINTENANCE_DATABASE_URL is required.*\n.*SILENT_DEVICE_DAYS must be from 1 to 3650/);
    const swapped = await run([], { ...urls, MAINTENANCE_DATABASE_URL: urls.DATABASE_URL });
    expect(swapped.code).toBe(1);
    expect(swapped.stderr).toContain("permission denied");
    const away = await run([], { ...urls, MAINTENANCE_DATABASE_URL: "postgresql://maintenance@127.0.0.1:1/none" });
    expect(away.code).toBe(1);
  });
});
