/** Runs the whole system until Ctrl-C: `npm start`. */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { stackVariables } from "../config.ts";
import { secondsSince } from "../context.ts";
import { buildPlayground, playgroundPage } from "../playground.ts";
import { announceRunning, withdrawRunning } from "../running.ts";
import { startSystem, type Program, type System } from "../system.ts";
import { exitCodeOf, onInterrupt, type Interrupt } from "./interrupt.ts";
import { createTerminal } from "./terminal.ts";

const help = `Usage: npm start [-- --fresh]

Starts Postgres, Kafka, a KMS and an identity provider on this machine, then Sealgraph's four programs, and leaves them
running until Ctrl-C. Everything listens on 127.0.0.1; data and logs are in .sealgraph/start and kept for the next start.

  --fresh   begins without the data of the last run
  --help    this text

These environment variables put something of your own in the place of a local part:
${Object.entries(stackVariables)
  .map(([name, meaning]) => `  ${name.padEnd(25)} ${meaning}`)
  .join("\n")}

Exit codes: 0 stopped by Ctrl-C, 1 failed, 2 wrong usage
`;

const instance = "start";
const terminal = createTerminal(process.stdout, process.env);
process.exitCode = await main();

async function main(): Promise<number> {
  let values: { fresh?: boolean; help?: boolean };
  try {
    ({ values } = parseArgs({ options: { fresh: { type: "boolean" }, help: { type: "boolean", short: "h" } } }));
  } catch (error) {
    process.stderr.write(`start: ${(error as Error).message}\nSee npm start -- --help\n`);
    return 2;
  }
  if (values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const interrupt = onInterrupt();
  void interrupt.asked.then((signal) => terminal.line(`\nStopping … (${signal} again ends at once)`));
  const startedAt = Date.now();
  let system: System | undefined;
  try {
    await buildPlayground((line) => terminal.progress(line));
    system = await startSystem({
      instance,
      progress: (line) => terminal.progress(line),
      keepData: values.fresh !== true,
      usualPorts: { gateway: 4000, keys: 4001, messages: 4002 },
      signal: interrupt.abort,
    });
    if (interrupt.signal === undefined) {
      const { stack, gatewayUrl } = system;
      announceRunning(stack.folder, { gatewayUrl, oidcIssuer: stack.oidcIssuer });
      describe(system, startedAt);
    }
    return await untilEnd(system, interrupt);
  } catch (error) {
    if (interrupt.signal !== undefined) return exitOf(interrupt.signal);
    process.stderr.write(`start: ${(error as Error).message}\n`);
    return 1;
  } finally {
    if (system !== undefined) {
      withdrawRunning(system.stack.folder);
      const stoppingAt = Date.now();
      await system.stop();
      terminal.line(`Stopped in ${secondsSince(stoppingAt)}.`);
    }
  }
}

/** Ends with the first signal, or with the first program that ends by itself. */
async function untilEnd({ programs }: System, interrupt: Interrupt): Promise<number> {
  const fallen = Promise.race(Object.values(programs).map((program) => program.exited.then(() => program)));
  const first = await Promise.race([interrupt.asked, fallen]);
  if (typeof first === "string") return exitOf(first);
  const { name, logFile }: Program = first;
  process.stderr.write(`start: ${name} ended by itself; its log: ${logFile}\n`);
  return 1;
}

/** Ctrl-C is how this command is meant to end. */
function exitOf(signal: NodeJS.Signals): number {
  return signal === "SIGINT" ? 0 : exitCodeOf(signal);
}

function describe({ stack, gatewayUrl }: System, startedAt: number): void {
  terminal.line();
  terminal.line(terminal.good(terminal.bold("Sealgraph is running")) + ` after ${secondsSince(startedAt)}`);
  terminal.line();
  terminal.field("GraphQL", `${gatewayUrl}/graphql (HTTP and WebSocket)`);
  terminal.field("Playground", existsSync(playgroundPage) ? `${gatewayUrl}/` : "not built");
  terminal.field("Sign in", stack.oidc === undefined ? stack.oidcIssuer : "alice / alice, bob / bob");
  terminal.field("Token", "npm run -s token -- alice");
  terminal.field("Issuer", stack.oidcIssuer);
  terminal.field("Kafka", stack.kafkaBrokers.join(","));
  terminal.field("KMS", stack.kmsEndpoint === "" ? "AWS" : stack.kmsEndpoint);
  terminal.field("Postgres", withoutPassword(stack.databaseUrls.admin));
  terminal.field("Logs", stack.folder);
  terminal.line();
  terminal.line("Ctrl-C stops it.");
}

function withoutPassword(text: string): string {
  const url = new URL(text);
  url.password = "";
  return url.href;
}
