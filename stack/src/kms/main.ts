/** The KMS server's process: `main.ts --port N --keys FILE`. Development only. */
import { parseArgs } from "node:util";
import { KeyStore } from "./key-store.ts";
import { createKmsServer } from "./server.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "0" }, keys: { type: "string" } } });
if (values.keys === undefined) {
  console.error("usage: main.ts --port N --keys FILE");
  process.exit(2);
}
const server = createKmsServer(new KeyStore(values.keys));
server.listen(Number(values.port), "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  console.log(
    JSON.stringify({
      level: "warn",
      msg: "this KMS is for development only: its master keys lie in a file and no signature is checked",
    }),
  );
  console.log(JSON.stringify({ level: "info", msg: "ready", url: `http://127.0.0.1:${port}` }));
});
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    server.close();
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 500).unref();
  });
}
