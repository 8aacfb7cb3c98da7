/** Serves gateway/playground/dist: GraphiQL, built by Vite, with everything it needs on this origin. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import express, { type RequestHandler } from "express";

const defaultFolder = join(dirname(dirname(fileURLToPath(import.meta.url))), "playground", "dist");

/**
 * Nothing comes from or goes to anywhere else. The editor (monaco) writes style elements and style attributes, and its
 * stylesheet holds its icon font as a data URL; scripts and workers are files.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const notBuilt = `The playground is not built. Build it with:

    npm run playground:build

The graph itself is at /graphql, over HTTP (POST) and WebSocket (graphql-transport-ws).
`;

export function servePlayground(folder = defaultFolder): RequestHandler {
  const files = express.static(folder, {
    setHeaders: (response, path) => {
      // Vite names what it builds by content; the page that names them is asked for each time.
      const immutable = path.includes(join(folder, "assets"));
      response.setHeader("Cache-Control", immutable ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
  return (request, response, next) => {
    response.set({
      "Content-Security-Policy": contentSecurityPolicy,
      "Cross-Origin-Opener-Policy": "same-origin",
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
    });
    if (request.path === "/" && !existsSync(join(folder, "index.html")))
      return void response.type("text/plain").send(notBuilt);
    files(request, response, next);
  };
}
