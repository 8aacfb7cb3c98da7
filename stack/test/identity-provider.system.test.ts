import { createHash, randomBytes } from "node:crypto";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { describe, expect, inject, it } from "vitest";
import { CookieJar } from "../src/cookie-jar.ts";
import { signInHeadless } from "../src/sign-in.ts";

const { oidcIssuer: issuer, gatewayUrl } = inject("system");
const clientId = "my-microservice";

interface Discovery {
  authorization_endpoint: string;
  token_endpoint: string;
  device_authorization_endpoint: string;
  jwks_uri: string;
  grant_types_supported: string[];
}
const discovery = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Discovery;

const token = (form: Record<string, string>) =>
  fetch(discovery.token_endpoint, { method: "POST", body: new URLSearchParams({ client_id: clientId, ...form }) });

async function authorize(changes: Record<string, string | undefined>) {
  const parameters = {
    client_id: clientId,
    response_type: "code",
    redirect_uri: "http://localhost:1/callback",
    scope: "openid",
    state: "s",
    code_challenge: createHash("sha256").update("v".repeat(43)).digest("base64url"),
    code_challenge_method: "S256",
    ...changes,
  };
  const url = new URL(discovery.authorization_endpoint);
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return fetch(url, { redirect: "manual" });
}

it("gives an RS256 access token for 5 minutes with the audience, subject and names that services read", async () => {
  const { accessToken, expiresIn } = await signInHeadless({ issuer, username: "alice" });
  const { payload, protectedHeader } = await jwtVerify(accessToken, createRemoteJWKSet(new URL(discovery.jwks_uri)), {
    issuer,
    audience: "sealgraph",
  });
  expect(protectedHeader.alg).toBe("RS256");
  expect(payload).toMatchObject({ preferred_username: "alice", name: "Alice" });
  expect(payload.sub).toMatch(/^[0-9a-f-]{36}$/);
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
  expect(expiresIn).toBe(300);
});

it("gives the same subject each time, another to each user", async () => {
  const subjects = await Promise.all(
    ["bob", "bob", "alice"].map(async (username) => {
      const { accessToken } = await signInHeadless({ issuer, username });
      return (JSON.parse(Buffer.from(accessToken.split(".")[1] ?? "", "base64url").toString()) as { sub: string }).sub;
    }),
  );
  expect(subjects[0]).toBe(subjects[1]);
  expect(subjects[2]).not.toBe(subjects[0]);
});

it("refuses a wrong password and an unknown user alike", async () => {
  await expect(signInHeadless({ issuer, username: "alice", password: "bob" })).rejects.toThrow(
    "wrong username or password",
  );
  await expect(signInHeadless({ issuer, username: "mallory" })).rejects.toThrow("wrong username or password");
});

it("renews a token by refresh token, once", async () => {
  const { refreshToken = "" } = await signInHeadless({ issuer, username: "alice" });
  const renewed = await token({ grant_type: "refresh_token", refresh_token: refreshToken });
  expect(renewed.status).toBe(200);
  const { access_token } = (await renewed.json()) as { access_token: string };
  await expect(
    jwtVerify(access_token, createRemoteJWKSet(new URL(discovery.jwks_uri)), { issuer, audience: "sealgraph" }),
  ).resolves.toBeDefined();
  expect((await token({ grant_type: "refresh_token", refresh_token: refreshToken })).status).toBe(400);
});

describe("refuses", () => {
  it("the password grant, which it doesn't list", async () => {
    expect(discovery.grant_types_supported).not.toContain("password");
    const response = await token({ grant_type: "password", username: "alice", password: "alice" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "unsupported_grant_type" });
  });

  it("a request without PKCE, and plain PKCE", async () => {
    for (const changes of [
      { code_challenge: undefined, code_challenge_method: undefined },
      { code_challenge_method: "plain" },
    ]) {
      const response = await authorize(changes);
      const location = new URL(response.headers.get("location") ?? "http://none");
      expect(location.searchParams.get("error")).toBe("invalid_request");
    }
  });

  it.each([
    "https://evil.example/callback",
    "http://localhost.evil.example/callback",
    "http://localhost@evil.example/",
    "javascript:alert(1)",
  ])("a redirect to %s", async (redirect_uri) => {
    const response = await authorize({ redirect_uri });
    expect(response.status).toBe(400);
    expect(response.headers.get("location")).toBeNull();
  });

  it("a code without its verifier", async () => {
    const response = await token({
      grant_type: "authorization_code",
      code: "x",
      redirect_uri: "http://localhost:1/callback",
      code_verifier: randomBytes(32).toString("base64url"),
    });
    expect(response.status).toBe(400);
  });
});

it("lets the gateway's origin ask for tokens from a browser, and no foreign one", async () => {
  const preflight = (origin: string) =>
    fetch(discovery.token_endpoint, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
    });
  expect((await preflight(gatewayUrl)).headers.get("access-control-allow-origin")).toBe(gatewayUrl);
  const post = await fetch(discovery.token_endpoint, {
    method: "POST",
    headers: { origin: "https://evil.example" },
    body: new URLSearchParams({ client_id: clientId, grant_type: "refresh_token", refresh_token: "x" }),
  });
  expect(post.headers.get("access-control-allow-origin")).not.toBe("https://evil.example");
});

it("signs a device in by the device flow", async () => {
  const started = await fetch(discovery.device_authorization_endpoint, {
    method: "POST",
    body: new URLSearchParams({ client_id: clientId, scope: "openid" }),
  });
  const { device_code, user_code, verification_uri_complete } = (await started.json()) as Record<string, string>;
  const poll = () =>
    token({ grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: device_code ?? "" });
  expect(await (await poll()).json()).toMatchObject({ error: "authorization_pending" });

  const page = await browse(verification_uri_complete ?? "");
  expect(page).toContain("Connected");
  expect(user_code).toMatch(/^.{4}-.{4}$/);
  const answer = (await (await poll()).json()) as { access_token: string };
  const { payload } = await jwtVerify(answer.access_token, createRemoteJWKSet(new URL(discovery.jwks_uri)), {
    issuer,
    audience: "sealgraph",
  });
  expect(payload["preferred_username"]).toBe("alice");
});

/** What a person does: send on each form, with alice's name and password where it asks for them. */
async function browse(start: string): Promise<string> {
  const cookies = new CookieJar();
  let url = new URL(start);
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 20; step += 1) {
    const response = await fetch(url, {
      method: form === undefined ? "GET" : "POST",
      ...(form !== undefined && { body: form }),
      headers: { cookie: cookies.headerFor(url) },
      redirect: "manual",
    });
    cookies.keep(url, response.headers.getSetCookie());
    form = undefined;
    const location = response.headers.get("location");
    if (location !== null) {
      url = new URL(location, url);
      continue;
    }
    const text = await response.text();
    const action = /<form[^>]*\saction="([^"]*)"/.exec(text)?.[1];
    if (action === undefined) return text;
    form = new URLSearchParams(
      [...text.matchAll(/<input[^>]*>/g)].map(([input]) => {
        const name = /\sname="([^"]*)"/.exec(input)?.[1] ?? "";
        return [name, /\svalue="([^"]*)"/.exec(input)?.[1] ?? "alice"];
      }),
    );
    url = new URL(action, url);
  }
  throw new Error("too many pages");
}
