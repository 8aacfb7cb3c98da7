import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Watchdog } from "./watchdog.ts";

export interface ManagedProcessOptions {
  /** As it appears in messages. */
  name: string;
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  /** stdout and stderr are appended here. */
  logFile: string;
  /** The user to run as, when that is not ours. */
  user?: { uid: number; gid: number } | undefined;
  stopSignal: NodeJS.Signals;
  /** How long an orderly stop may take before SIGKILL. */
  stopTimeoutMs: number;
  /** What the watchdog sends when we are gone. */
  orphan: { signal: NodeJS.Signals; killAfterMs: number };
  watchdog: Watchdog;
}

export interface ManagedProcess {
  readonly pid: number;
  /** Resolves when the process is gone. */
  readonly exited: Promise<ProcessEnd>;
  readonly end: ProcessEnd | null;
  /** Waits for a log line that `accept` returns a value for. Throws ProcessStartError on exit or timeout, with the log's tail. */
  waitForLine<T>(accept: (line: string) => T | null, timeoutMs: number): Promise<T>;
  /** The last lines of this run's log. */
  tail(): string;
  /** Resolves when the process is gone; at once for SIGSTOP and SIGCONT. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Orderly, then by SIGKILL. Resolves when the process is gone; does nothing when it is already. */
  stop(): Promise<void>;
}

export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A part or program that did not come up. The message holds the end of its log. */
export class ProcessStartError extends Error {
  override name = "ProcessStartError";
}

const logPollMs = 15;
const tailBytes = 4_000;

/**
 * Starts a process in a session of its own: a Ctrl-C in the terminal reaches only us, and we stop the parts in order.
 * Its output goes to the file directly, so a busy or dead parent never blocks it.
 */
export function startProcess(options: ManagedProcessOptions): ManagedProcess {
  const { name, logFile, watchdog } = options;
  const log = openSync(logFile, "a+", 0o600);
  const logStart = fstatSync(log).size;
  let end: ProcessEnd | null = null;
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ["ignore", log, log],
    ...options.user,
  });
  const exited = new Promise<ProcessEnd>((resolve) => {
    const finish = (how: ProcessEnd) => {
      if (end !== null) return;
      end = how;
      if (child.pid !== undefined) watchdog.tell({ order: "forget", pid: child.pid });
      resolve(how);
    };
    child.once("exit", (code, signal) => finish({ code, signal }));
    child.once("error", () => finish({ code: null, signal: null }));
  });
  void exited.then(() => closeSync(log));
  if (child.pid === undefined) throw new ProcessStartError(`${name}: ${options.command} could not be started`);
  const { pid } = child;
  watchdog.tell({ order: "watch", pid, ...options.orphan });

  function readFrom(position: number, length: number): Buffer {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(log, buffer, 0, length, position));
  }
  function tail(): string {
    if (end !== null) return tailOf(logFile, logStart);
    const { size } = fstatSync(log);
    const from = Math.max(logStart, size - tailBytes);
    return readFrom(from, size - from).toString("utf8");
  }
  function send(signal: NodeJS.Signals): void {
    if (end === null) child.kill(signal);
  }

  return {
    pid,
    exited,
    get end() {
      return end;
    },
    tail,
    async waitForLine(accept, timeoutMs) {
      const giveUpAt = Date.now() + timeoutMs;
      let position = logStart;
      let pending = "";
      for (;;) {
        const ended = end;
        if (ended === null) {
          const size = fstatSync(log).size;
          if (size > position) {
            const chunk = readFrom(position, size - position);
            position += chunk.length;
            const lines = (pending + chunk.toString("utf8")).split("\n");
            pending = lines.pop() ?? "";
            for (const line of lines) {
              const value = accept(line);
              if (value !== null) return value;
            }
            continue;
          }
        } else {
          throw new ProcessStartError(
            `${name} ended (${describe(ended)}) before it was ready.\n${quote(tail(), logFile)}`,
          );
        }
        if (Date.now() > giveUpAt) {
          throw new ProcessStartError(`${name} was not ready within ${timeoutMs / 1000} s.\n${quote(tail(), logFile)}`);
        }
        await sleep(logPollMs);
      }
    },
    async kill(signal) {
      send(signal);
      if (signal !== "SIGSTOP" && signal !== "SIGCONT") await exited;
    },
    async stop() {
      if (end !== null) return;
      send(options.stopSignal);
      // A stopped (SIGSTOP) process gets its signal only when it goes on.
      send("SIGCONT");
      const late = new AbortController();
      const timer = sleep(options.stopTimeoutMs, "late" as const, { signal: late.signal, ref: true }).catch(
        () => "off" as const,
      );
      if ((await Promise.race([exited, timer])) === "late") killGroup(pid);
      late.abort();
      await exited;
    },
  };
}

/** Runs a command to its end; throws ProcessStartError with the log's tail when it fails or takes too long. */
export async function runToEnd(options: ManagedProcessOptions & { timeoutMs: number }): Promise<void> {
  const run = startProcess(options);
  const timer = setTimeout(() => void run.stop(), options.timeoutMs);
  const end = await run.exited;
  clearTimeout(timer);
  if (end.code !== 0) {
    throw new ProcessStartError(`${options.name} failed (${describe(end)}).\n${quote(run.tail(), options.logFile)}`);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has gone meanwhile.
  }
}

function describe(end: ProcessEnd): string {
  return end.signal === null ? `exit code ${end.code ?? "unknown"}` : end.signal;
}

function quote(text: string, logFile: string): string {
  const lines = text.trimEnd().split("\n").slice(-15);
  return `${lines.map((line) => `  | ${line}`).join("\n")}\n  whole log: ${logFile}`;
}

function tailOf(logFile: string, logStart: number): string {
  const log = openSync(logFile, "r");
  try {
    const { size } = fstatSync(log);
    const from = Math.max(logStart, size - tailBytes);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    return buffer.subarray(0, readSync(log, buffer, 0, buffer.length, from)).toString("utf8");
  } finally {
    closeSync(log);
  }
}
