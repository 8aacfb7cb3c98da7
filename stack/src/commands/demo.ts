/** Alice and Bob on a whole system of their own: `npm run demo`. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { secondsSince } from "../context.ts";
import { repositoryRoot } from "../folders.ts";
import { startSystem, type System } from "../system.ts";
import { exitCodeOf, onInterrupt } from "./interrupt.ts";
import { createTerminal } from "./terminal.ts";

const help = `Usage: npm run demo

Starts the whole system on this machine with empty data, lets Alice and Bob talk over it and shows what happens, then
stops everything. The first run fetches Kafka from Maven. Logs stay in .sealgraph/demo.

Exit codes: that of the play (0 when every check held), 1 when the system does not start, 130 after Ctrl-C
`;

const terminal = createTerminal(process.stdout, process.env);
process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({ options: { help: { type: "boolean", short: "h" } } });
    if (values.help === true) {
      process.stdout.write(help);
      return 0;
    }
  } catch (error) {
    process.stderr.write(`demo: ${(error as Error).message}\nSee npm run demo -- --help\n`);
    return 2;
  }
  const interrupt = onInterrupt();
  void interrupt.asked.then((signal) => terminal.line(`\nStopping … (${signal} again ends at once)`));
  const startedAt = Date.now();
  let system: System | undefined;
  try {
    terminal.line(terminal.bold("Starting the system"));
    system = await startSystem({
      instance: "demo",
      progress: (line) => terminal.progress(line),
      signal: interrupt.abort,
    });
    terminal.line(`${terminal.good("Ready")} after ${secondsSince(startedAt)}\n`);
    if (interrupt.signal !== undefined) return exitCodeOf(interrupt.signal);
    const code = await play(system, interrupt.asked);
    return interrupt.signal === undefined ? code : exitCodeOf(interrupt.signal);
  } catch (error) {
    if (interrupt.signal !== undefined) return exitCodeOf(interrupt.signal);
    process.stderr.write(`demo: ${(error as Error).message}\n`);
    return 1;
  } finally {
    if (system !== undefined) {
      const stoppingAt = Date.now();
      await system.stop();
      terminal.line(
        terminal.dim(`Everything is stopped again (${secondsSince(stoppingAt)}; ${secondsSince(startedAt)} in all).`),
      );
    }
  }
}

/** Runs the play with our terminal as its own; returns its exit code. */
function play({ stack, gatewayUrl }: System, interrupted: Promise<NodeJS.Signals>): Promise<number> {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(repositoryRoot, "client/demo/play.ts")],
    {
      stdio: "inherit",
      env: {
        ...process.env,
        GATEWAY_URL: gatewayUrl,
        OIDC_ISSUER: stack.oidcIssuer,
        DATABASE_URL: stack.databaseUrls.admin,
        KAFKA_BROKERS: stack.kafkaBrokers.join(","),
        PLAY_FOLDER: stack.folder,
      },
    },
  );
  const { watchdog } = stack.context;
  if (child.pid !== undefined) watchdog.tell({ order: "watch", pid: child.pid, signal: "SIGTERM", killAfterMs: 1_000 });
  void interrupted.then(() => child.kill("SIGTERM"));
  return new Promise((resolve) => {
    child.once("error", () => resolve(1));
    child.once("exit", (code, signal) => {
      if (child.pid !== undefined) watchdog.tell({ order: "forget", pid: child.pid });
      resolve(code ?? (signal === null ? 1 : exitCodeOf(signal)));
    });
  });
}
