import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PartContext } from "../context.ts";
import { startNodePart } from "../node-part.ts";
import type { Part } from "../part.ts";
import { freePort, isFree } from "../ports.ts";

/** The identity provider as a process of its own. Its issuer is part of every user's identity, so a kept instance keeps the port. */
export async function startOidc(context: PartContext): Promise<{ part: Part; issuer: string }> {
  const former = context.state.ports["oidc"];
  if (former !== undefined && !(await isFree(former))) {
    throw new Error(
      `OIDC: port ${former}, part of the users' identity in this instance, is taken by another program. ` +
        "End that one, or start anew without the data: npm start -- --fresh",
    );
  }
  const port = (context.state.ports["oidc"] = former ?? (await freePort()));
  const issuer = `http://localhost:${port}/realms/my-cloud`;
  const part = await startNodePart(context, {
    name: "OIDC",
    main: fileURLToPath(new URL("main.ts", import.meta.url)),
    args: ["--port", String(port), "--state", join(context.folder, "oidc")],
    logFile: join(context.folder, "oidc.log"),
  });
  return { part, issuer };
}
