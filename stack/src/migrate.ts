import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { MigrationList } from "@prisma/schema-engine-wasm";
import { Client } from "pg";
import { repositoryRoot } from "./folders.ts";
import { loadEngine, type Engine } from "./migration-engine.ts";

/** Each owns the Postgres schema of its name and the folder prisma/<name>. */
export const owners = ["keys", "messages"] as const;
export type Owner = (typeof owners)[number];

export interface Applied {
  owner: Owner;
  /** Names of the migrations applied now; empty when all were there. */
  migrations: string[];
}

const prismaFolder = join(repositoryRoot, "prisma");
const noFilters = { externalTables: [], externalEnums: [] };
/** Two runs on one database wait for each other here; any number that is ours alone. */
const migrationLock = 7_325_246_811n;

/**
 * Brings a database up to date: the service roles, both migration histories, then each role's rights.
 * Every step is idempotent. `adminUrl` must be allowed to create roles and schemas. Throws with the engine's message.
 */
export async function migrate(adminUrl: string): Promise<Applied[]> {
  const engine = await loadEngine(adminUrl);
  const client = new Client({ connectionString: adminUrl });
  try {
    await client.connect();
    await client.query("SELECT pg_advisory_lock($1)", [migrationLock]);
    await client.query(sqlFile("roles.sql"));
    const applied: Applied[] = [];
    for (const owner of owners) {
      // The history's table lives in the owner's schema, so the schema comes before the first migration.
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${client.escapeIdentifier(owner)}`);
      const { appliedMigrationNames } = await engine.use(schemaOf(owner), (run) =>
        run.applyMigrations({ migrationsList: migrationsOf(owner), filters: noFilters }),
      );
      await client.query(sqlFile(join(owner, "grants.sql")));
      applied.push({ owner, migrations: appliedMigrationNames });
    }
    return applied;
  } finally {
    await client.end();
  }
}

/** Gives a service role its password; in a database of one's own the administrator does this by other means. */
export async function setRolePasswords(adminUrl: string, passwords: Record<string, string>): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  try {
    await client.connect();
    for (const [role, password] of Object.entries(passwords)) {
      await client.query(`ALTER ROLE ${client.escapeIdentifier(role)} PASSWORD ${client.escapeLiteral(password)}`);
    }
  } finally {
    await client.end();
  }
}

export interface Drift {
  owner: Owner;
  /** What would bring the database to schema.prisma; null when it is there. */
  sql: string | null;
}

/** Compares a database with each schema.prisma. On one that was just migrated from empty: whether the migrations give the schema. */
export async function findDrift(adminUrl: string): Promise<Drift[]> {
  const engine = await loadEngine(adminUrl);
  return Promise.all(owners.map(async (owner) => ({ owner, sql: await driftOf(engine, owner) })));
}

function driftOf(engine: Engine, owner: Owner): Promise<string | null> {
  const { path, content } = schemaOf(owner);
  const files = [{ path, content }];
  return engine.use(schemaOf(owner), async (run) => {
    const { stdout, exitCode } = await run.diff({
      from: { tag: "schemaDatasource", files, configDir: prismaFolder },
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: true,
      filters: { ...noFilters, externalTables: [`${owner}._prisma_migrations`] },
    });
    return exitCode === 2 ? (stdout ?? "") : null;
  });
}

function schemaOf(owner: Owner): { owner: Owner; path: string; content: string } {
  const path = join(prismaFolder, owner, "schema.prisma");
  return { owner, path, content: readFileSync(path, "utf8") };
}

function migrationsOf(owner: Owner): MigrationList {
  const baseDir = join(prismaFolder, owner, "migrations");
  const lockfile = join(baseDir, "migration_lock.toml");
  return {
    baseDir,
    lockfile: { path: "migration_lock.toml", content: existsSync(lockfile) ? readFileSync(lockfile, "utf8") : null },
    shadowDbInitScript: "",
    migrationDirectories: readdirSync(baseDir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
      .map((name) => ({
        path: name,
        migrationFile: {
          path: "migration.sql",
          content: { tag: "ok", value: readFileSync(join(baseDir, name, "migration.sql"), "utf8") },
        },
      })),
  };
}

function sqlFile(path: string): string {
  return readFileSync(join(prismaFolder, path), "utf8");
}
