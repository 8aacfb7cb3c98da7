import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, inject, it } from "vitest";
import { signInHeadless } from "@sealgraph/stack/sign-in.ts";
import { OpaqueDevice } from "./opaque-device.ts";

const system = inject("system");

it("what the README does by curl ends with an accepted message", async () => {
  // Frees the places that other tests' devices took.
  for (const username of ["alice", "bob"]) await OpaqueDevice.register(system, username);
  const [alice, bob] = await Promise.all(
    ["alice", "bob"].map((username) => signInHeadless({ issuer: system.oidcIssuer, username })),
  );
  const run = () =>
    spawnSync("sh", [resolve(import.meta.dirname, "../docs/by-curl.sh")], {
      encoding: "utf8",
      env: { ...process.env, GATEWAY: system.gatewayUrl, ALICE: alice!.accessToken, BOB: bob!.accessToken },
    });
  const { status, stdout, stderr } = run();
  expect(stderr).not.toContain("errors");
  expect(status).toBe(0);
  expect(stdout).toMatch(/"__typename":\s*"MessageAccepted"/);
});
