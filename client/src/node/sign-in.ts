/**
 * Signing in from a program (RFC 8252): authorization code with PKCE over a loopback redirect, or a device code when the
 * browser is elsewhere. For Node; a web page has its own redirect.
 */
import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as oidc from "openid-client";
import { SealgraphError } from "../errors.ts";
import { openSession, type Session } from "./session.ts";

export type { Session } from "./session.ts";

export interface SignInOptions {
  /** Such as https://id.example/realms/my-cloud. */
  issuer: string | URL;
  /** A public client. Default "my-microservice". */
  clientId?: string;
  /** Default "openid profile". */
  scope?: string;
  /** Called whenever the provider gives a new refresh token: keep it as you keep private keys. */
  onRefreshToken?: (refreshToken: string) => void;
  /** How long the person may take. Default 300 000. */
  timeoutMs?: number;
}

export interface BrowserSignInOptions extends SignInOptions {
  /** Brings a person's browser to the provider. By default prints the URL to stderr and tries to open it. */
  authorize?: (url: URL) => void | Promise<void>;
}

export interface DeviceCodePrompt {
  readonly verificationUri: string;
  /** With the code in it, when the provider makes such. */
  readonly verificationUriComplete: string | undefined;
  readonly userCode: string;
  readonly expiresInS: number;
}

export interface DeviceCodeSignInOptions extends SignInOptions {
  /** Shows the person where to go and what to enter. By default prints it to stderr. */
  prompt?: (prompt: DeviceCodePrompt) => void;
}

const defaultClientId = "my-microservice";
const defaultScope = "openid profile";
const defaultTimeoutMs = 300_000;
const callbackPath = "/callback";

/** @throws SealgraphError SIGN_IN_FAILED, or TIMEOUT when nobody came back. */
export async function signIn(options: BrowserSignInOptions): Promise<Session> {
  const config = await discover(options);
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  try {
    // RFC 8252 §7.3: the address, not "localhost", and any port.
    const redirectUri = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}${callbackPath}`);
    const verifier = oidc.randomPKCECodeVerifier();
    const state = oidc.randomState();
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri.href,
      scope: options.scope ?? defaultScope,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
    });
    const callback = callbackOf(state, server, redirectUri, options.timeoutMs ?? defaultTimeoutMs);
    // Either may fail first; the one that is not awaited must not go unhandled.
    callback.catch(() => undefined);
    await (options.authorize ?? openBrowser)(url);
    const answer = await callback;
    const tokens = await oidc.authorizationCodeGrant(config, answer, {
      pkceCodeVerifier: verifier,
      expectedState: state,
    });
    return openSession(config, tokens, options.onRefreshToken);
  } catch (error) {
    throw signInError(error);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** @throws SealgraphError SIGN_IN_FAILED when the person refused or the code's time was over. */
export async function signInWithDeviceCode(options: DeviceCodeSignInOptions): Promise<Session> {
  const config = await discover(options);
  try {
    const started = await oidc.initiateDeviceAuthorization(config, { scope: options.scope ?? defaultScope });
    (options.prompt ?? printPrompt)({
      verificationUri: started.verification_uri,
      verificationUriComplete: started.verification_uri_complete,
      userCode: started.user_code,
      expiresInS: started.expires_in,
    });
    const signal = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs);
    const tokens = await oidc.pollDeviceAuthorizationGrant(config, started, undefined, { signal });
    return openSession(config, tokens, options.onRefreshToken);
  } catch (error) {
    throw signInError(error);
  }
}

/** With a refresh token kept from before. @throws SealgraphError SIGN_IN_NEEDED when it is over. */
export async function resumeSession(options: SignInOptions & { refreshToken: string }): Promise<Session> {
  const session = openSession(await discover(options), { refresh_token: options.refreshToken }, options.onRefreshToken);
  await session.token();
  return session;
}

async function discover({ issuer, clientId = defaultClientId }: SignInOptions): Promise<oidc.Configuration> {
  const url = new URL(issuer);
  const onThisMachine = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  try {
    // Plain http only to this machine, where nobody is in between.
    const options = onThisMachine && url.protocol === "http:" ? { execute: [oidc.allowInsecureRequests] } : {};
    return await oidc.discovery(url, clientId, undefined, oidc.None(), options);
  } catch (error) {
    throw new SealgraphError("IDENTITY_UNAVAILABLE", `no identity provider at ${url.href}`, {
      retryable: true,
      cause: error,
    });
  }
}

/** The URL that the browser came back with. Whoever does not know the state is not it, and ends nothing. */
function callbackOf(state: string, server: Server, redirectUri: URL, timeoutMs: number): Promise<URL> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new SealgraphError("TIMEOUT", `nobody signed in within ${timeoutMs} ms`, { retryable: true }));
    }, timeoutMs);
    server.on("request", (request, response) => {
      const url = new URL(request.url ?? "/", redirectUri);
      if (url.pathname !== callbackPath) {
        response.writeHead(404).end();
        return;
      }
      if (url.searchParams.get("state") !== state) {
        response.writeHead(400).end();
        return;
      }
      clearTimeout(timer);
      response.writeHead(200, { "content-type": "text/plain; charset=utf-8", connection: "close" });
      response.end("You can close this page and go back to the program.\n");
      resolve(url);
    });
    server.once("close", () => clearTimeout(timer));
  });
}

function openBrowser(url: URL): void {
  process.stderr.write(`To sign in, open:\n${url.href}\n`);
  const command = { darwin: "open", win32: "explorer" }[process.platform as string] ?? "xdg-open";
  // A machine without a browser is no error: the URL was printed.
  spawn(command, [url.href], { stdio: "ignore", detached: true })
    .once("error", () => undefined)
    .unref();
}

function printPrompt({ verificationUri, userCode }: DeviceCodePrompt): void {
  process.stderr.write(`To sign in, open ${verificationUri} and enter ${userCode}\n`);
}

function signInError(error: unknown): SealgraphError {
  if (error instanceof SealgraphError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new SealgraphError("SIGN_IN_FAILED", `signing in failed: ${reason}`, { cause: error });
}
