import { readFileSync } from "node:fs";

/** A process as it can be told from a later one with the same id. `startTicks` is null where /proc is not there. */
export interface ProcessMark {
  pid: number;
  startTicks: string | null;
}

export function markOf(pid: number): ProcessMark {
  return { pid, startTicks: startTicksOf(pid) };
}

/** True while the very process lives; false for a later one that got the same id (as happens with pid 1 in containers). */
export function isAlive({ pid, startTicks }: ProcessMark): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = startTicksOf(pid);
  return now === null || startTicks === null || now === startTicks;
}

/** Field 22 of proc_pid_stat(5): start time in ticks since boot. The name in field 2 may hold blanks and brackets. */
function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie is gone for everyone but its parent.
    if (afterName[0] === "Z") return "gone";
    return afterName[19] ?? null;
  } catch {
    return null;
  }
}
