import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "sealgraph-play-test-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("a play that %s interrupts leaves no stores behind", async (signal, exitCode) => {
  // A database that never answers, so that the play waits with its folder made.
  const silent = createServer((socket) => socket.on("error", () => undefined).resume());
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const connected = new Promise((resolve) => silent.once("connection", resolve));
  const nowhere = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const child = spawn(process.execPath, [fileURLToPath(new URL("play.ts", import.meta.url))], {
    stdio: "ignore",
    env: {
      ...process.env,
      GATEWAY_URL: `http://${nowhere}`,
      OIDC_ISSUER: `http://${nowhere}`,
      DATABASE_URL: `postgres://play@${nowhere}/play`,
      KAFKA_BROKERS: nowhere,
      PLAY_FOLDER: folder,
    },
  });
  const exit = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  await connected;
  expect(readdirSync(folder)).toHaveLength(1);
  child.kill(signal);
  expect(await exit).toBe(exitCode);
  expect(readdirSync(folder)).toEqual([]);
  await new Promise((resolve) => silent.close(resolve));
});
