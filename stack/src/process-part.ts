import type { ManagedProcess } from "./managed-process.ts";
import type { Part } from "./part.ts";

/** A part that is one process; `launch` resolves when it serves. */
export async function startPart(logFile: string, launch: () => Promise<ManagedProcess>): Promise<Part> {
  let process = await launch();
  return {
    get pid() {
      return process.end === null ? process.pid : undefined;
    },
    logFile,
    stop: () => process.stop(),
    async start() {
      if (process.end !== null) process = await launch();
    },
    kill: (signal) => process.kill(signal),
  };
}
