/** Prints an access token of a development user of the running system: `npm run -s token -- alice`. */
import { parseArgs } from "node:util";
import { findRunning } from "../running.ts";
import { signInHeadless } from "../sign-in.ts";

const help = `Usage: npm run -s token -- USERNAME [--password PASSWORD]

Signs in to the system that "npm start" runs and prints nothing but the access token (valid for 5 minutes):
  curl -H "authorization: Bearer $(npm run -s token -- alice)" …

  USERNAME             alice or bob
  --password PASSWORD  by default the username, as the local provider has it
  --help               this text

Exit codes: 0 printed, 1 signing in failed, 2 wrong usage, 3 no system is running
`;

process.exitCode = await main();

async function main(): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: { password: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    return fail(2, `${(error as Error).message}\nSee npm run -s token -- --help`);
  }
  const { values, positionals } = parsed;
  if (values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const [username] = positionals;
  if (username === undefined || positionals.length > 1)
    return fail(2, "name one user, for example: npm run -s token -- alice");

  const running = findRunning("start");
  if (running === null) return fail(3, 'no system is running: start one with "npm start" in another terminal');
  if (running === "starting") return fail(3, 'the system is not ready yet: wait until "npm start" says so');
  try {
    const { accessToken } = await signInHeadless({
      issuer: running.oidcIssuer,
      username,
      ...(values.password !== undefined && { password: values.password }),
    });
    process.stdout.write(`${accessToken}\n`);
    return 0;
  } catch (error) {
    return fail(1, `signing in as ${username} failed: ${(error as Error).message}`);
  }
}

function fail(exitCode: number, message: string): number {
  process.stderr.write(`token: ${message}\n`);
  return exitCode;
}
