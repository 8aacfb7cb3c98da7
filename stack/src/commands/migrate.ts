import { parseArgs } from "node:util";
import { findDrift, migrate } from "../migrate.ts";

const help = `Usage: npm run db:migrate -- [--url URL] [--check]

Applies what is missing, in this order, and says what it applied:
  prisma/roles.sql                   one role per service, without passwords
  prisma/<owner>/migrations          as Prisma does, with its table _prisma_migrations
  prisma/<owner>/grants.sql          each role's rights
Run it as often as you like; two runs at once wait for each other.

  --url URL   the database; by default DATABASE_URL_ADMIN. Its role must be allowed to create roles and schemas.
              On a command line others on the machine can read it: prefer the variable.
  --check     applies nothing; compares the database with prisma/<owner>/schema.prisma. Exit code 3 when they differ.
  --help      this text

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 differences found
`;

/** The command's exit code. */
export async function runMigrate(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  let values: { url?: string; check?: boolean; help?: boolean };
  try {
    ({ values } = parseArgs({
      args,
      options: { url: { type: "string" }, check: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    }));
  } catch (error) {
    process.stderr.write(`db:migrate: ${(error as Error).message}\nSee npm run db:migrate -- --help\n`);
    return 2;
  }
  if (values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const url = values.url ?? env["DATABASE_URL_ADMIN"];
  if (url === undefined || !["postgresql:", "postgres:"].includes(URL.parse(url)?.protocol ?? "")) {
    process.stderr.write(
      "db:migrate: set DATABASE_URL_ADMIN (or --url) to postgresql://USER:PASSWORD@HOST:PORT/DATABASE\n",
    );
    return 2;
  }
  if (URL.parse(url)?.password === "" && env["PGPASSWORD"] === undefined) {
    process.stderr.write("db:migrate: the URL names no password; put it there as USER:PASSWORD, or into PGPASSWORD\n");
    return 2;
  }
  try {
    return values.check === true ? await check(url) : await apply(url);
  } catch (error) {
    process.stderr.write(`db:migrate: ${reason(error)}\n`);
    return 1;
  }
}

async function apply(url: string): Promise<number> {
  for (const { owner, migrations } of await migrate(url)) {
    process.stdout.write(`${owner}: ${migrations.length === 0 ? "up to date" : `applied ${migrations.join(", ")}`}\n`);
  }
  process.stdout.write("roles and rights: applied\n");
  return 0;
}

async function check(url: string): Promise<number> {
  const drifts = await findDrift(url);
  for (const { owner, sql } of drifts) {
    process.stdout.write(
      sql === null ? `${owner}: the same as its schema.prisma\n` : `${owner}: differs; to bring it there:\n${sql}\n`,
    );
  }
  return drifts.some(({ sql }) => sql !== null) ? 3 : 0;
}

/** A refused connection is an AggregateError without a message. */
function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map((each) => (each as Error).message).join("; ");
  return (error as Error).message;
}
