import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  // The gateway may be served below a path.
  base: "./",
  worker: { format: "es" },
  build: {
    target: "es2022",
    // The editor is large whatever one does; it is loaded from the same machine.
    chunkSizeWarningLimit: 6_000,
    // Data URLs would need wider content security rules than files do.
    assetsInlineLimit: 0,
    rolldownOptions: {
      onLog(level, log, report) {
        // "use no memo" is for the React compiler, which has done its work before.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
  },
});
