import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { OpaqueDevice } from "../../e2e/opaque-device.ts";
import { openBrowser, openPlayground, runExample, seeResponse, type Browser } from "./playground-steps.ts";

const system = inject("system");

describe("the playground in a browser", () => {
  let alice: OpaqueDevice;
  let bob: OpaqueDevice;
  let browser: Browser;

  beforeAll(async () => {
    alice = await OpaqueDevice.register(system, "alice");
    bob = await OpaqueDevice.register(system, "bob");
    browser = await openBrowser(system.gatewayUrl);
    await openPlayground(browser.page, system.gatewayUrl, { token: alice.token, device: alice.id });
  });
  afterAll(async () => {
    await browser?.close();
    await alice?.close();
    await bob?.close();
  });

  test("takes the token out of the address bar at once, and says whose it is", async () => {
    expect(browser.page.url()).toBe(`${system.gatewayUrl}/`);
    expect(await browser.page.title()).toBe("Sealgraph");
    expect(await browser.page.getByTestId("token-state").innerText()).toMatch(/^alice: valid for \d/);
  });

  test("me answers over HTTP with the token", async () => {
    await runExample(browser.page, "Me");
    // Her devices are below what the editor draws when other tests have made many.
    await seeResponse(browser.page, [`"id": "${alice.userId}"`, '"username": "alice"', '"devices": [']);
  });

  test("the inbox subscription shows CaughtUp, then a message as it comes", async () => {
    await runExample(browser.page, "Inbox");
    await seeResponse(browser.page, ['"__typename": "CaughtUp"']);
    const input = (await bob.inputTo("alice"))();
    await bob.sendSurely(input);
    await seeResponse(browser.page, ['"__typename": "MessageFrame"', input.id, '"username": "bob"']);
  });

  test("asks nobody but the gateway, and nothing is refused or thrown", () => {
    expect(browser.foreignRequests).toEqual([]);
    expect(browser.complaints).toEqual([]);
  });
});
