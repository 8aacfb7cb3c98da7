import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { PartContext } from "./context.ts";
import { repositoryRoot } from "./folders.ts";
import { ProcessStartError, startProcess, type ManagedProcess } from "./managed-process.ts";
import { readyLine } from "./node-part.ts";
import type { ProgramName } from "./stack.ts";

const entryFiles: Record<ProgramName, string> = {
  keys: "subgraphs/keys/src/main.ts",
  messages: "subgraphs/messages/src/main.ts",
  processor: "processor/src/main.ts",
  gateway: "gateway/src/main.ts",
};
const startTimeoutMs = 60_000;
/** A program bounds its own stop by SHUTDOWN_TIMEOUT_MS, 10 s; past that it hangs. */
const stopTimeoutMs = 12_000;
const readyPollMs = 25;

export interface ProgramProcess {
  process: ManagedProcess;
  url: string | undefined;
  metricsUrl: string | undefined;
}

/** Starts one program with the Node that runs us, and waits until it says "ready" and its /readyz agrees. An abort stops it. */
export async function launchProgram(
  context: PartContext,
  name: ProgramName,
  env: Record<string, string>,
  logFile: string,
  signal?: AbortSignal,
): Promise<ProgramProcess> {
  const child = startProcess({
    name,
    command: process.execPath,
    // kafkajs sets timers in the past, which Node takes for 1 ms and would warn of once a process.
    args: [
      "--disable-warning=ExperimentalWarning",
      "--disable-warning=TimeoutNegativeWarning",
      join(repositoryRoot, entryFiles[name]),
    ],
    cwd: repositoryRoot,
    env,
    logFile,
    stopSignal: "SIGTERM",
    stopTimeoutMs,
    orphan: { signal: "SIGTERM", killAfterMs: 2_000 },
    watchdog: context.watchdog,
  });
  const abort = () => void child.stop();
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();
  try {
    const giveUpAt = Date.now() + startTimeoutMs;
    const { url, metricsUrl } = await child.waitForLine(readyLine, startTimeoutMs);
    if (metricsUrl !== undefined) await untilReady(name, child, metricsUrl, giveUpAt, logFile);
    return { process: child, url, metricsUrl };
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

async function untilReady(
  name: ProgramName,
  child: ManagedProcess,
  metricsUrl: string,
  giveUpAt: number,
  logFile: string,
): Promise<void> {
  while (!(await isReady(metricsUrl))) {
    if (child.end !== null || Date.now() > giveUpAt) {
      throw new ProcessStartError(
        `${name} said "ready" but ${metricsUrl}/readyz does not.\n${child.tail()}\n  whole log: ${logFile}`,
      );
    }
    await sleep(readyPollMs);
  }
}

async function isReady(metricsUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${metricsUrl}/readyz`, { signal: AbortSignal.timeout(1_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
