import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Below the ports that systems give to outgoing connections (from 32768 on Linux, 49152 elsewhere): one of those could be
 * taken by anybody's connection while a part of ours is down, and it comes back on its own port.
 */
const firstPort = 15_000;
const lastPort = 32_000;
const tries = 100;

/** A port that is free on 127.0.0.1. Nobody holds it until its user listens, so use it soon. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const port = randomInt(firstPort, lastPort);
    if (await isFree(port)) return port;
  }
  throw new Error(`found no free port on 127.0.0.1 from ${firstPort} to ${lastPort}`);
}

/** The wanted port when it is free, else another free one. */
export async function preferPort(wanted: number | undefined): Promise<number> {
  return wanted !== undefined && (await isFree(wanted)) ? wanted : freePort();
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
