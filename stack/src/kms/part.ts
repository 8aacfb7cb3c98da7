import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PartContext } from "../context.ts";
import { startNodePart } from "../node-part.ts";
import type { Part } from "../part.ts";
import { preferPort } from "../ports.ts";

/** The development KMS as a process of its own. */
export async function startKms(context: PartContext): Promise<{ part: Part; endpoint: string }> {
  const port = (context.state.ports["kms"] = await preferPort(context.state.ports["kms"]));
  const part = await startNodePart(context, {
    name: "KMS",
    main: fileURLToPath(new URL("main.ts", import.meta.url)),
    args: ["--port", String(port), "--keys", join(context.folder, "kms-keys.json")],
    logFile: join(context.folder, "kms.log"),
  });
  return { part, endpoint: `http://127.0.0.1:${port}` };
}
