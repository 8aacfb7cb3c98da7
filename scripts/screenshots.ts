/** Makes docs/images/playground.png from the running system, by the steps that gateway/test/playground.system.test.ts tests. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildPlayground } from "@sealgraph/stack/playground.ts";
import { startSystem } from "@sealgraph/stack/system.ts";
import { OpaqueDevice } from "../e2e/opaque-device.ts";
import { readFlags } from "./flags.ts";
import { openBrowser, openPlayground, runExample, seeResponse } from "../gateway/test/playground-steps.ts";

readFlags(
  "screenshots",
  `npm run screenshots

Starts the system, opens the playground in Chromium and writes docs/images/playground.png.
`,
  [],
);
const image = join(dirname(dirname(fileURLToPath(import.meta.url))), "docs", "images", "playground.png");
const progress = (line: string) => process.stdout.write(`${line}\n`);

await buildPlayground(progress);
const system = await startSystem({ instance: "screenshots", progress });
try {
  const { stack, programs, gatewayUrl } = system;
  const addresses = {
    ...stack,
    gatewayUrl,
    keysUrl: programs.keys.url ?? "",
    messagesUrl: programs.messages.url ?? "",
    controlUrl: "",
    kafkaPid: 0,
  };
  const alice = await OpaqueDevice.register(addresses, "alice");
  const bob = await OpaqueDevice.register(addresses, "bob");
  const browser = await openBrowser(system.gatewayUrl);
  try {
    const { page } = browser;
    await openPlayground(page, system.gatewayUrl, { token: alice.token, device: alice.id });
    await runExample(page, "Inbox");
    await seeResponse(page, ['"__typename": "CaughtUp"']);
    const input = (await bob.inputTo("alice"))();
    await bob.sendSurely(input);
    await seeResponse(page, ['"__typename": "MessageFrame"', input.id]);
    await mkdir(dirname(image), { recursive: true });
    await page.screenshot({ path: image });
    progress(`Wrote ${image}`);
  } finally {
    await browser.close();
    await alice.close();
    await bob.close();
  }
} finally {
  await system.stop();
}
