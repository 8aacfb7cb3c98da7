import { describe, expect, it } from "vitest";
import { createPause, unlessAborted } from "./pause.ts";

const longMs = 60_000;

describe("a pause", () => {
  it("ends by itself", async () => {
    await expect(createPause().wait(1)).resolves.toBeUndefined();
  });
  it("ends when woken", async () => {
    const pause = createPause();
    const waiting = pause.wait(longMs);
    pause.wake();
    await expect(waiting).resolves.toBeUndefined();
  });
  it("remembers one wake that came while nobody waited", async () => {
    const pause = createPause();
    pause.wake();
    await pause.wait(longMs);
    const again = pause.wait(longMs);
    expect(
      await unlessAborted(
        again.then(() => "woken"),
        AbortSignal.timeout(20),
      ),
    ).toBeUndefined();
    pause.end();
    await again;
  });
  it("sleeps on through a wake, and remembers it", async () => {
    const pause = createPause();
    const sleeping = pause.sleep(50);
    const startedAtMs = performance.now();
    pause.wake();
    await sleeping;
    expect(performance.now() - startedAtMs).toBeGreaterThan(40);
    await pause.wait(longMs);
  });
  it("ends for good", async () => {
    const pause = createPause();
    const sleeping = pause.sleep(longMs);
    pause.end();
    await sleeping;
    await pause.wait(longMs);
    await pause.sleep(longMs);
  });
});
