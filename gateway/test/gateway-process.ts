/** The gateway as a process of its own, as people start it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export interface GatewayProcess {
  url: string;
  metricsUrl: string;
  /** Sends SIGTERM. @returns the exit code */
  terminate(): Promise<number | null>;
  kill(): void;
}

/** What a process wrote before it ended by itself. */
export async function runGatewayToEnd(flags: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [entry, ...flags], {
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (errors += chunk));
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { exitCode, output, errors };
}

export async function startGatewayProcess(flags: string[], env: Record<string, string> = {}): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [entry, ...flags], {
    env: environment(env),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit") as Promise<[number | null]>;
  const ready = new Promise<{ url: string; metricsUrl: string }>((resolve, reject) => {
    createInterface(child.stdout).on("line", (line) => {
      const entry = JSON.parse(line);
      if (entry.msg === "ready") resolve(entry);
    });
    void exited.then(([code]) => reject(new Error(`the gateway ended with ${code} before it was ready`)));
  });
  const { url, metricsUrl } = await ready;
  return {
    url,
    metricsUrl,
    async terminate() {
      child.kill("SIGTERM");
      return (await exited)[0];
    },
    kill() {
      child.kill("SIGKILL");
    },
  };
}

function environment(env: Record<string, string>) {
  return { PATH: process.env["PATH"], HOST: "127.0.0.1", LOG_LEVEL: "info", ...env };
}
