/** What a person does in the playground, in a real Chromium: shared by the test and by scripts/screenshots.ts. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import chromium from "@sparticuz/chromium";
import { chromium as playwright, type Page } from "playwright-core";

export interface Browser {
  page: Page;
  /** What the page said was wrong: console errors, exceptions, refusals by its Content-Security-Policy. */
  complaints: string[];
  /** Requests to anywhere but the page's own origin. */
  foreignRequests: string[];
  close(): Promise<void>;
}

/** @param origin the gateway's */
export async function openBrowser(origin: string): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "playground-browser-"));
  const context = await playwright.launchPersistentContext(profile, {
    executablePath: await chromium.executablePath(),
    // Its own arguments include --no-sandbox, which Chromium wants as root. The others keep it from calling home.
    args: [...chromium.args, "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    headless: true,
    viewport: { width: 1400, height: 860 },
    colorScheme: "light",
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints: string[] = [];
  const foreignRequests: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  const own = [origin, origin.replace("http", "ws")];
  const note = (url: string) => {
    if (!own.some((prefix) => url.startsWith(`${prefix}/`)) && !/^(data|blob):/.test(url)) foreignRequests.push(url);
  };
  context.on("request", (request) => note(request.url()));
  page.on("websocket", (socket) => note(socket.url()));
  return {
    page,
    complaints,
    foreignRequests,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** Opens the page as a link with the token does. */
export async function openPlayground(page: Page, origin: string, { token, device }: { token: string; device: string }) {
  await page.goto(`${origin}/#${new URLSearchParams({ token, device })}`);
  await tabButton(page, "Me").waitFor();
  await page.getByRole("button", { name: /Execute query/ }).waitFor();
}

const tabButton = (page: Page, name: string) => page.getByRole("tab").getByRole("button", { name, exact: true });

/** Goes to an example's tab and runs it. */
export async function runExample(page: Page, tab: "Me" | "DevicesOf" | "Inbox"): Promise<void> {
  await tabButton(page, tab).click();
  await page.getByRole("button", { name: /Execute query/ }).click();
}

/** Waits until the response shows all of these texts. @throws with what it shows instead, after timeoutMs */
export async function seeResponse(page: Page, texts: string[], timeoutMs = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const shown = await responseText(page);
    if (texts.every((text) => shown.includes(text))) return;
    if (Date.now() > deadline) throw new Error(`the response shows ${JSON.stringify(shown)}, not ${texts.join(", ")}`);
    await page.waitForTimeout(100);
  }
}

async function responseText(page: Page): Promise<string> {
  const lines = page.locator("section.result-window .view-lines");
  // The editor writes spaces as no-break spaces.
  return (await lines.count()) === 0 ? "" : (await lines.innerText()).replaceAll("\u00a0", " ");
}
