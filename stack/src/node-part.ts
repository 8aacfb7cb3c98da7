import process from "node:process";
import type { PartContext } from "./context.ts";
import { startProcess } from "./managed-process.ts";
import type { Part } from "./part.ts";
import { startPart } from "./process-part.ts";

const startTimeoutMs = 30_000;
const stopTimeoutMs = 5_000;

/** A part that is a program of ours; it says on a JSON line that it is ready. */
export function startNodePart(
  context: PartContext,
  o: { name: string; main: string; args: string[]; logFile: string },
): Promise<Part> {
  return startPart(o.logFile, async () => {
    const child = startProcess({
      name: o.name,
      command: process.execPath,
      args: [o.main, ...o.args],
      cwd: context.folder,
      env: context.baseEnv,
      logFile: o.logFile,
      stopSignal: "SIGTERM",
      stopTimeoutMs,
      orphan: { signal: "SIGTERM", killAfterMs: 1_000 },
      watchdog: context.watchdog,
    });
    try {
      await child.waitForLine((line) => (isReadyLine(line) ? true : null), startTimeoutMs);
    } catch (error) {
      await child.stop();
      throw error;
    }
    return child;
  });
}

export function isReadyLine(line: string): boolean {
  return readyLine(line) !== null;
}

/** The line with which each program says that it serves, and where. */
export function readyLine(line: string): { url?: string; metricsUrl?: string } | null {
  if (!line.startsWith("{")) return null;
  try {
    const record = JSON.parse(line) as { msg?: unknown; url?: string; metricsUrl?: string };
    return record.msg === "ready" ? record : null;
  } catch {
    return null;
  }
}
