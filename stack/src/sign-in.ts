import { createHash, randomBytes } from "node:crypto";
import { CookieJar } from "./cookie-jar.ts";

export interface SignInOptions {
  issuer: string;
  username: string;
  /** The username by default, as the local provider has it. */
  password?: string;
  clientId?: string;
}

export interface SignedIn {
  accessToken: string;
  refreshToken?: string;
  /** Seconds. */
  expiresIn: number;
}

export class SignInError extends Error {
  override name = "SignInError";
  readonly code = "SIGN_IN_FAILED";
}

const maxRedirects = 15;
const timeoutMs = 15_000;
/** Nobody listens there; the code is read from the redirect itself. */
const redirectUri = "http://localhost/callback";

interface Discovery {
  authorization_endpoint: string;
  token_endpoint: string;
}

/**
 * Signs a user in without a browser: the authorization code flow with PKCE (RFC 7636), filling in the provider's own
 * login form. Works with the local provider and with Keycloak's plain form. Throws SignInError.
 */
export async function signInHeadless(options: SignInOptions): Promise<SignedIn> {
  const { issuer, username, password = username, clientId = "my-microservice" } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  const discovery = await getJson<Discovery>(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, {
    signal,
  });
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(16).toString("base64url");
  const start = new URL(discovery.authorization_endpoint);
  start.search = new URLSearchParams({
    client_id: clientId,
    response_type: "code",
    redirect_uri: redirectUri,
    scope: "openid profile",
    state,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  }).toString();

  const callback = await authorize(start, { username, password }, signal);
  if (callback.searchParams.get("state") !== state) throw new SignInError("the provider returned another state");
  const code = callback.searchParams.get("code");
  if (code === null) {
    throw new SignInError(
      callback.searchParams.get("error_description") ??
        callback.searchParams.get("error") ??
        "the provider returned no code",
    );
  }
  const tokens = await getJson<{ access_token: string; refresh_token?: string; expires_in: number }>(
    discovery.token_endpoint,
    {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        client_id: clientId,
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
      }),
      signal,
    },
  );
  return {
    accessToken: tokens.access_token,
    expiresIn: tokens.expires_in,
    ...(tokens.refresh_token !== undefined && { refreshToken: tokens.refresh_token }),
  };
}

/** Follows redirects, fills in the form once, and returns the redirect to the client. */
async function authorize(
  start: URL,
  credentials: { username: string; password: string },
  signal: AbortSignal,
): Promise<URL> {
  const cookies = new CookieJar();
  let url = start;
  let form: URLSearchParams | undefined;
  let submitted = false;
  for (let step = 0; step < maxRedirects; step += 1) {
    const response = await fetch(url, {
      method: form === undefined ? "GET" : "POST",
      ...(form !== undefined && { body: form }),
      headers: { cookie: cookies.headerFor(url) },
      redirect: "manual",
      signal,
    });
    cookies.keep(url, response.headers.getSetCookie());
    form = undefined;
    const location = response.headers.get("location");
    if (location !== null) {
      await response.body?.cancel();
      url = new URL(location, url);
      if (url.href.startsWith(`${redirectUri}?`)) return url;
      continue;
    }
    const text = await response.text();
    const action = /<form[^>]*\saction="([^"]*)"/i.exec(text)?.[1];
    if (action === undefined) throw new SignInError(`the provider answered ${response.status} without a login form`);
    if (submitted) throw new SignInError("wrong username or password");
    submitted = true;
    url = new URL(unescapeHtml(action), url);
    form = new URLSearchParams(credentials);
  }
  throw new SignInError("too many redirects");
}

async function getJson<T>(url: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    throw new SignInError(`the identity provider does not answer at ${new URL(url).origin}`, { cause: error });
  }
  if (!response.ok)
    throw new SignInError(`${url} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
  return (await response.json()) as T;
}

function unescapeHtml(text: string): string {
  const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code: string | undefined, name: string | undefined) =>
    code === undefined ? (named[name ?? ""] ?? whole) : String.fromCharCode(Number(code)),
  );
}
