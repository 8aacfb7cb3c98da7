/** `npm run revoke-silent-devices`: one run over all mailboxes; to be started by a scheduler, once a day say. */
import { parseArgs } from "node:util";
import { ConfigError, readConfig } from "@sealgraph/platform/config.ts";
import { createLog } from "@sealgraph/platform/log.ts";
import { helpOf } from "@sealgraph/platform/program.ts";
import { createDatabase } from "../database.ts";
import { configOf, variables, type Config } from "./config.ts";
import { revokeSilentDevices, type SilentDevice } from "./revoke-silent-devices.ts";

const name = "revoke-silent-devices";
const usage = `${helpOf(name, "revokes devices that have left a frame unacknowledged for too long", variables)}
Flags:
  --dry-run   says which devices it would revoke, and changes nothing
  --help      this text

A device is silent when the oldest frame that it has not acknowledged has waited longer than SILENT_DEVICE_DAYS; one with
nothing to acknowledge never is. Revoking is for good. Safe to run again, and twice at once.
Exit code: 0 done, 1 failed (what was revoked stays revoked), 2 wrong flag or environment.
`;

const say = (line: string) => process.stdout.write(`${line}\n`);
const complain = (line: string) => process.stderr.write(`${name}: ${line}\n`);
const counted = (count: number, what: string, plural = `${what}s`) => `${count} ${count === 1 ? what : plural}`;

process.exitCode = await main();

async function main(): Promise<0 | 1 | 2> {
  let isDryRun: boolean;
  let config: Config;
  try {
    const flag = { type: "boolean", default: false } as const;
    const { values } = parseArgs({ options: { help: { ...flag, short: "h" }, "dry-run": flag } });
    if (values.help) {
      process.stdout.write(usage);
      return 0;
    }
    isDryRun = values["dry-run"];
    config = configOf(readConfig(variables, process.env));
  } catch (error) {
    if (error instanceof ConfigError) for (const { name, problem } of error.problems) complain(`${name} ${problem}`);
    else complain(`${String(error instanceof Error ? error.message : error)}\n\n${usage}`);
    return 2;
  }
  return run(config, isDryRun);
}

async function run(config: Config, isDryRun: boolean): Promise<0 | 1> {
  const log = createLog(name, config.logLevel);
  const keys = createDatabase(config.databaseUrl, log);
  // The same client, for its pool and time-outs; with this role it can be asked for the schema messages only.
  const mailboxes = createDatabase(config.maintenanceDatabaseUrl, log);
  const verb = isDryRun ? "would revoke" : "revoked";
  const onRevoked = ({ id, userId, waitingSinceMs }: SilentDevice) =>
    say(`${verb} device ${id} of user ${userId}: a frame waits since ${new Date(waitingSinceMs).toISOString()}`);
  try {
    const { silentDeviceDays, maxRevocations } = config;
    const result = await revokeSilentDevices({
      keys,
      mailboxes,
      silentDeviceDays,
      maxRevocations,
      isDryRun,
      onRevoked,
    });
    if (result.isCutShort) say(`stopped at MAX_REVOCATIONS_PER_RUN: there are more, run it again`);
    say(
      `${verb} ${counted(result.revoked, "device")} silent for more than ${counted(silentDeviceDays, "day")}; ` +
        `looked at ${counted(result.mailboxes, "mailbox", "mailboxes")}`,
    );
    return 0;
  } catch (error) {
    complain(String(error));
    return 1;
  } finally {
    await Promise.allSettled([keys.$disconnect(), mailboxes.$disconnect()]);
  }
}
