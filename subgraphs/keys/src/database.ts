import { PrismaPg } from "@prisma/adapter-pg";
import { DomainError } from "@sealgraph/platform/errors.ts";
import type { Log } from "@sealgraph/platform/log.ts";
import { Prisma, PrismaClient } from "../../../prisma/keys/client/client.ts";

export type Database = PrismaClient;
export type Transaction = Prisma.TransactionClient;

const maxConnections = 10;
const connectTimeoutMs = 3_000;
const statementTimeoutMs = 5_000;
/** Longest time that a stopped process of ours can hold a row or the relay's lock. */
const idleInTransactionTimeoutMs = 15_000;
const transactionTimeoutMs = 10_000;

/** Postgres as the role keys_service. Connects when first used; every wait in it is bounded. */
export function createDatabase(url: string, log: Log): Database {
  const pool = {
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    keepAlive: true,
  };
  const onError = (error: Error) => log.warn({ error: error.message }, "postgres connection lost");
  const adapter = new PrismaPg(pool, { onPoolError: onError, onConnectionError: onError });
  return new PrismaClient({ adapter, errorFormat: "minimal", log: [] });
}

/** Refusals that are not about the database's being away. */
const uniqueViolation = "P2002";

export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === uniqueViolation;
}

/** Postgres SQLSTATE classes and codes that a later attempt may not meet: lost, starting, full, busy, timed out. */
const passingSqlStates = /^(08|53|55|57P|57014|40001|40P01|25P03)/;
const passingPrismaCodes = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028", "P2034", "P2037"]);

function isPassing(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  if (error instanceof Prisma.PrismaClientKnownRequestError && passingPrismaCodes.has(error.code)) return true;
  for (const state of JSON.stringify(error).matchAll(/"(?:originalCode|code)":"(\w{5})"/g))
    if (passingSqlStates.test(state[1] ?? "")) return true;
  return /timeout exceeded|ECONNREFUSED|ECONNRESET|Connection terminated|Query read timeout/.test(String(error));
}

/**
 * Runs work on the database.
 * @throws DomainError STORE_UNAVAILABLE when the database is away or too busy; everything else as it was thrown.
 */
export async function stored<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw !(error instanceof DomainError) && isPassing(error)
      ? new DomainError("STORE_UNAVAILABLE", undefined, { cause: error })
      : error;
  }
}

/** All of work or nothing of it. Errors as of `stored`. */
export function inTransaction<T>(database: Database, work: (transaction: Transaction) => Promise<T>): Promise<T> {
  return stored(() => database.$transaction(work, { maxWait: connectTimeoutMs, timeout: transactionTimeoutMs }));
}
