/** A vitest reporter: the run's last line is `N passed, N failed, N skipped`. */
import type { Reporter, TestModule } from "vitest/node";

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      let moduleFailed = false;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") count.passed++;
        else if (state === "failed") {
          count.failed++;
          moduleFailed = true;
        } else count.skipped++;
      }
      // A file that could not be loaded, or whose hooks failed, has no failed test to show for it.
      if (!module.ok() && !moduleFailed) count.failed++;
    }
    const line = `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`;
    // After vitest's own summary, which is written when all reporters were told.
    process.once("exit", () => process.stdout.write(line));
  }
}
