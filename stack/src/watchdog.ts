import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What the watchdog is told, one JSON text a line. */
export type WatchdogOrder =
  | { order: "watch"; pid: number; signal: NodeJS.Signals; killAfterMs: number }
  | { order: "forget"; pid: number }
  | { order: "removeFolder"; path: string };

export interface Watchdog {
  pid: number;
  tell(order: WatchdogOrder): void;
  /** The orderly end: nothing is left to watch. */
  close(): void;
}

/**
 * Starts the process that ends ours when we die, even by SIGKILL: it holds the other end of a pipe that the kernel
 * closes then. It is portable (prctl's parent-death signal is Linux only and tied to a thread) and, being in a session
 * of its own, is not hit by a Ctrl-C or by a signal to our process group.
 */
export function startWatchdog(): Watchdog {
  const child = spawn(process.execPath, [fileURLToPath(new URL("watchdog-main.ts", import.meta.url))], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    env: { NODE_NO_WARNINGS: "1" },
  });
  if (child.pid === undefined) throw new Error("the watchdog process did not start");
  child.unref();
  const { stdin } = child;
  // Should the watchdog be killed, the system goes on without it; stop() still stops everything.
  stdin.on("error", () => {});
  child.on("error", () => {});
  (stdin as unknown as { unref?(): void }).unref?.();
  return {
    pid: child.pid,
    tell(order) {
      stdin.write(`${JSON.stringify(order)}\n`);
    },
    close() {
      stdin.end();
    },
  };
}
