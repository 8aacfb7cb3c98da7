/** Brings a database up to date: roles, both schemas' migrations, rights. `npm run db:migrate -- --help` */
import { runMigrate } from "../stack/src/commands/migrate.ts";

process.exitCode = await runMigrate(process.argv.slice(2), process.env);
