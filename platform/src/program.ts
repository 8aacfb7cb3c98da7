/** What every program's entry file does: environment, start, ready line, health, and an orderly end. */
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";
import { ConfigError, describeVariables, readConfig, type Values, type Variables } from "./config.ts";
import type { common } from "./common.ts";
import { createLog, type Log } from "./log.ts";
import { createRegistry } from "./metrics.ts";

export interface Running {
  /** Where the program serves, if it does. */
  readonly url?: string;
  /** Whether it can do its work now. */
  ready(): boolean;
  /** Takes no new work, finishes what it has. */
  stop(): Promise<void>;
}

export interface Program<V extends Variables> {
  readonly name: string;
  /** One line for --help. */
  readonly summary: string;
  readonly variables: V & typeof common;
  /** Gives what is read in place of the process's environment, for programs whose flags override it. */
  readonly env?: () => Readonly<Record<string, string | undefined>>;
  start(values: Values<V & typeof common>, log: Log, registry: Registry): Promise<Running>;
}

const exitUsage = 2;

export function helpOf(name: string, summary: string, variables: Variables): string {
  const rows = describeVariables(variables).map(
    (row) => `  ${row.name} (${row.default}${row.unit === "" ? "" : ` ${row.unit}`})\n      ${row.description}`,
  );
  return [`${name}: ${summary}`, "", "Environment, with defaults:", ...rows, ""].join("\n");
}

async function serveHealth(host: string, port: number, registry: Registry, running: () => Running | undefined) {
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    if (path === "/healthz") response.end("ok\n");
    else if (path === "/readyz") {
      const ready = running()?.ready() ?? false;
      response.writeHead(ready ? 200 : 503).end(ready ? "ready\n" : "not ready\n");
    } else if (path === "/metrics")
      void registry.metrics().then(
        (text) => response.writeHead(200, { "content-type": registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    else response.writeHead(404).end();
  });
  server.listen(port, host);
  await once(server, "listening");
  return server;
}

/** The URL of a server that listens on host. */
export function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

/** One line per problem; some show only when the values meet each other, in start(). */
function refuseEnvironment(program: string, error: ConfigError): never {
  for (const { name, problem } of error.problems) process.stderr.write(`${program}: ${name} ${problem}\n`);
  process.exit(exitUsage);
}

/** Runs the program until SIGTERM or SIGINT. Ends the process: 0 orderly, 1 failed, 2 unusable environment. */
export async function runProgram<V extends Variables>(program: Program<V>): Promise<void> {
  if (process.argv.includes("--help") || process.argv.includes("-h")) {
    process.stdout.write(helpOf(program.name, program.summary, program.variables));
    return;
  }
  let values: Values<V & typeof common>;
  try {
    values = readConfig(program.variables, program.env?.() ?? process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    refuseEnvironment(program.name, error);
  }
  const { LOG_LEVEL, HOST, METRICS_PORT, SHUTDOWN_TIMEOUT_MS } = values as Values<typeof common>;
  const log = createLog(program.name, LOG_LEVEL);
  const registry = createRegistry(program.name);

  let running: Running | undefined;
  let health: Server | undefined;
  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "stopping");
    setTimeout(() => {
      log.error({ timeoutMs: SHUTDOWN_TIMEOUT_MS }, "did not stop in time");
      process.exit(1);
    }, SHUTDOWN_TIMEOUT_MS).unref();
    let failed = false;
    try {
      await running?.stop();
    } catch (error) {
      failed = true;
      log.error({ error: String(error) }, "stopped with an error");
    }
    health?.close();
    log.info("stopped");
    process.exit(failed ? 1 : 0);
  };
  process.on("SIGTERM", () => void stop("SIGTERM"));
  process.on("SIGINT", () => void stop("SIGINT"));
  // A rejection that nobody awaited is a fault of ours, after which the state cannot be trusted.
  process.on("unhandledRejection", (error) => {
    log.fatal(
      { error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
      "unhandled rejection",
    );
    process.exit(1);
  });

  try {
    health = await serveHealth(HOST, METRICS_PORT, registry, () => (stopping ? undefined : running));
    running = await program.start(values, log, registry);
    log.info({ url: running.url, metricsUrl: urlOf(health, HOST) }, "ready");
  } catch (error) {
    if (stopping) return;
    if (error instanceof ConfigError) refuseEnvironment(program.name, error);
    const { code, address, port } = (error ?? {}) as { code?: unknown; address?: unknown; port?: unknown };
    if (code === "EADDRINUSE") {
      process.stderr.write(`${program.name}: ${String(address)}:${String(port)} is in use by another program\n`);
      process.exit(1);
    }
    log.fatal({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, "could not start");
    process.exit(1);
  }
}
