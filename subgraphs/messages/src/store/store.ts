/** Postgres schema "messages", read only: the processor is its one writer. */
import { PrismaPg } from "@prisma/adapter-pg";
import { DomainError } from "@sealgraph/platform/errors.ts";
import type { Log } from "@sealgraph/platform/log.ts";
import { Prisma, PrismaClient } from "../../../../prisma/messages/client/client.ts";

export { Prisma };

export interface Store {
  /** One statement; rows as Postgres types map to JavaScript (bigint, Uint8Array, Date). @throws DomainError STORE_UNAVAILABLE */
  query<Row>(statement: Prisma.Sql): Promise<Row[]>;
  stop(): Promise<void>;
}

/** Connections of this process. */
const maxConnections = 10;
/** How long a request waits for one, milliseconds. */
const connectTimeoutMs = 3_000;
/** How long a statement may take before it counts as no answer, milliseconds. */
const queryTimeoutMs = 5_000;

/** SQLSTATE classes that mean a fault in the statement, not in the database (PostgreSQL manual, appendix A). */
const faultyStatement = /^(?:22|23|42)/;

function isFaultyStatement(error: unknown): boolean {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  return faultyStatement.test(sqlStateOf(error.meta) ?? "");
}

/** Prisma keeps the driver's error in the meta of its own. */
function sqlStateOf(meta: Record<string, unknown> | undefined): string | undefined {
  const adapterError = meta?.["driverAdapterError"] as { cause?: { originalCode?: unknown } } | undefined;
  const code = adapterError?.cause?.originalCode ?? meta?.["code"];
  return typeof code === "string" ? code : undefined;
}

export function openStore(databaseUrl: string, log: Log): Store {
  const onError = (error: Error) => log.warn({ error: error.message }, "a database connection broke");
  const adapter = new PrismaPg(
    {
      connectionString: databaseUrl,
      max: maxConnections,
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: queryTimeoutMs,
      statement_timeout: queryTimeoutMs,
      application_name: "sealgraph-messages",
    },
    { onPoolError: onError, onConnectionError: onError },
  );
  const prisma = new PrismaClient({ adapter });
  return {
    async query<Row>(statement: Prisma.Sql) {
      try {
        return await prisma.$queryRaw<Row[]>(statement);
      } catch (error) {
        if (isFaultyStatement(error)) throw error;
        log.warn({ error: error instanceof Error ? error.message : String(error) }, "the store does not answer");
        throw new DomainError("STORE_UNAVAILABLE", undefined, { cause: error });
      }
    },
    stop: () => prisma.$disconnect(),
  };
}

/** Sequence numbers are bigint in Postgres; here they are safe integers, as in the records. */
export function safeInteger(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is not a safe integer`);
  return number;
}
