/**
 * Tests run in workers, the system's processes belong to vitest's own process: this carries "kill it" and "start it
 * again" across, over loopback HTTP.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { System } from "@sealgraph/stack/system.ts";

export type ProgramName = keyof System["programs"];
type Command =
  | { do: "kill"; program: ProgramName; signal: NodeJS.Signals }
  | { do: "start"; program: ProgramName; env?: Record<string, string> }
  | { do: "pid"; program: ProgramName };

/** @returns the control's URL and a way to end it. */
export async function serveControl(system: System): Promise<{ url: string; stop(): void }> {
  const obey = async (command: Command) => {
    const program = system.programs[command.program];
    if (command.do === "kill") await program.kill(command.signal);
    if (command.do === "start") await program.start(command.env);
    return { pid: program.pid };
  };
  // Whoever is on this machine could reach the port, a web page in a browser too: only who knows the path is obeyed.
  const path = `/${randomBytes(32).toString("base64url")}`;
  const server = createServer(async (request, response) => {
    if (request.url !== path) return response.writeHead(404).end();
    try {
      const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>);
      response.end(JSON.stringify(await obey(JSON.parse(Buffer.concat(chunks).toString()) as Command)));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, stop: () => server.close() };
}

/** The worker's side. */
export function controlOf(url: string) {
  const ask = async (command: Command) => {
    const response = await fetch(url, { method: "POST", body: JSON.stringify(command) });
    if (!response.ok) throw new Error(`control: ${await response.text()}`);
    return (await response.json()) as { pid: number };
  };
  return {
    /** Resolves when the process is gone; at once for SIGSTOP and SIGCONT. */
    kill: (program: ProgramName, signal: NodeJS.Signals) => ask({ do: "kill", program, signal }),
    /** Resolves when the program is ready again, on the same port. */
    start: (program: ProgramName, env?: Record<string, string>) =>
      ask({ do: "start", program, ...(env === undefined ? {} : { env }) }),
    pid: async (program: ProgramName) => (await ask({ do: "pid", program })).pid,
  };
}
