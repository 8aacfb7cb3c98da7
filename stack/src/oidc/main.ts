/** The identity provider's process: `main.ts --port N --state FOLDER`. Development only. */
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeFileAtomically } from "../state.ts";
import { handleLogin } from "./login.ts";
import { createProvider, newSecrets, realmPath, type ProviderSecrets } from "./provider.ts";

const { values } = parseArgs({ options: { port: { type: "string" }, state: { type: "string" } } });
if (values.port === undefined || values.state === undefined) {
  console.error("usage: main.ts --port N --state FOLDER");
  process.exit(2);
}
const issuer = `http://localhost:${values.port}${realmPath}`;
const provider = createProvider(issuer, loadSecrets(values.state));
const handle = provider.callback();

const server = createServer((request, response) => {
  const path = request.url ?? "";
  if (!path.startsWith(`${realmPath}/`)) {
    response.writeHead(404).end();
    return;
  }
  if (path.startsWith(`${realmPath}/interaction/`)) {
    handleLogin(provider, request, response).catch((error: unknown) => {
      console.error(error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
    return;
  }
  // The provider works below a path by what Express sets when it mounts a handler.
  Object.assign(request, { originalUrl: path });
  request.url = path.slice(realmPath.length);
  void handle(request, response);
});
server.listen(Number(values.port), "127.0.0.1", () => {
  console.log(
    JSON.stringify({ level: "warn", msg: "this provider is for development only: passwords are the usernames" }),
  );
  console.log(JSON.stringify({ level: "info", msg: "ready", url: issuer }));
});
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    server.close();
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 500).unref();
  });
}

function loadSecrets(folder: string): ProviderSecrets {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "secrets.json");
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProviderSecrets;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const secrets = newSecrets();
  writeFileAtomically(file, JSON.stringify(secrets));
  return secrets;
}
