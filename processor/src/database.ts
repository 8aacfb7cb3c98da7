/** Postgres as the processor uses it, and what its errors mean. */
import { PrismaPg } from "@prisma/adapter-pg";
import { Prisma, PrismaClient } from "../../prisma/messages/client/client.ts";

/** One connection per partition in work, and a few for offsets. */
const maxConnections = 8;
const connectTimeoutMs = 3_000;
const statementTimeoutMs = 10_000;
/** A worker that is frozen in a transaction holds mailboxes' locks: Postgres ends its transaction after this long. */
const idleInTransactionTimeoutMs = 5_000;
/** All of a batch's transaction, and the wait for a connection before it. */
export const transactionTimeoutMs = 15_000;
export const connectionWaitMs = 5_000;

export type Transaction = Prisma.TransactionClient;
export type Database = PrismaClient;

export function createDatabase(url: string): Database {
  const options = `-c statement_timeout=${statementTimeoutMs} -c idle_in_transaction_session_timeout=${idleInTransactionTimeoutMs}`;
  const pool = { max: maxConnections, connectionTimeoutMillis: connectTimeoutMs, keepAlive: true };
  return new PrismaClient({ adapter: new PrismaPg({ connectionString: url, options, ...pool }) });
}

/**
 * Whether Postgres refused the data itself, so that no later try can succeed: SQLSTATE classes 22 (data exception),
 * 23 (integrity) and 54 (program limit). All else (connections, locks, deadlocks, shutdown, rights) is an outage.
 */
export function refusedData(error: unknown): boolean {
  return /^(22|23|54)/.test(sqlStateOf(error) ?? "");
}

/** Whether a row that another one refers to is not there (23503). */
export function missesReferenced(error: unknown): boolean {
  return sqlStateOf(error) === "23503";
}

/** Whether a limit of time was reached: the transaction's (Prisma P2028), the statement's (57014) or the idle one's (25P03). */
export function tooSlow(error: unknown): boolean {
  const isTransactionTimeout = error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2028";
  return isTransactionTimeout || /^(57014|25P03)$/.test(sqlStateOf(error) ?? "");
}

/** The SQLSTATE that Prisma hands on from its driver, if the error came from Postgres. */
function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return undefined;
  const { driverAdapterError } = (error.meta ?? {}) as { driverAdapterError?: { cause?: { originalCode?: string } } };
  return driverAdapterError?.cause?.originalCode;
}
