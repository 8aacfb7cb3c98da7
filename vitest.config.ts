import { defineConfig } from "vitest/config";

const ignored = ["**/node_modules/**", "**/dist/**", ".sealgraph/**"];

export default defineConfig({
  // Node itself reads graphql's CommonJS build; a second copy, by Vite's preference for ESM, would refuse its schemas.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    reporters: ["default", "./e2e/closing-line.ts"],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...ignored, "**/*.system.test.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: ["**/*.system.test.ts"],
          exclude: ignored,
          globalSetup: ["e2e/global-setup.ts"],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
