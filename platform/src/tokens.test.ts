import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { DomainError } from "./errors.ts";
import { userIdOf } from "./ids.ts";
import { createTokenVerifier, type TokenVerifier } from "./tokens.ts";

const issuer = "https://idp.example/realms/my-cloud";
const audience = "sealgraph";
let keys: { publicKey: CryptoKey; privateKey: CryptoKey };
let other: { publicKey: CryptoKey; privateKey: CryptoKey };
let verifier: TokenVerifier;

beforeAll(async () => {
  keys = await generateKeyPair("RS256", { extractable: true });
  other = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "RS256" };
  verifier = createTokenVerifier({ issuer, audience, keys: createLocalJWKSet({ keys: [jwk] }) });
});

interface Change {
  alg?: string;
  kid?: string;
  iss?: string;
  aud?: string | string[];
  exp?: string | number | null;
  nbf?: number;
  sub?: string | null;
  key?: CryptoKey | Uint8Array;
}

async function token(change: Change = {}): Promise<string> {
  const jwt = new SignJWT({ preferred_username: "alice", name: "Alice Liddell", typ: "Bearer" })
    .setProtectedHeader({ alg: change.alg ?? "RS256", kid: change.kid ?? "k1" })
    .setIssuer(change.iss ?? issuer)
    .setAudience(change.aud ?? audience);
  if (change.sub !== null) jwt.setSubject(change.sub ?? "subject-1");
  if (change.exp !== null) jwt.setExpirationTime(change.exp ?? "5m");
  if (change.nbf !== undefined) jwt.setNotBefore(change.nbf);
  return jwt.sign(change.key ?? keys.privateKey);
}

async function codeOf(authorization: string | undefined, by: TokenVerifier = verifier): Promise<string> {
  try {
    await by.verify(authorization);
    return "accepted";
  } catch (error) {
    return error instanceof DomainError ? error.code : `not a DomainError: ${String(error)}`;
  }
}

const secondsFromNow = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

describe("a token", () => {
  it("names its caller", async () => {
    const caller = await verifier.verify(`Bearer ${await token()}`);
    expect(caller).toMatchObject({
      userId: userIdOf(issuer, "subject-1"),
      username: "alice",
      displayName: "Alice Liddell",
    });
    expect(caller.expiresAt).toBeGreaterThan(secondsFromNow(290));
  });

  it("is accepted when the audience is one of several", async () => {
    expect(await codeOf(`Bearer ${await token({ aud: ["account", audience] })}`)).toBe("accepted");
  });

  it.each<[string, () => Promise<string | undefined>, string]>([
    ["is missing", async () => undefined, "UNAUTHENTICATED"],
    ["is empty", async () => "", "UNAUTHENTICATED"],
    ["comes with another scheme", async () => `Basic ${await token()}`, "TOKEN_INVALID"],
    ["is no JWT", async () => "Bearer nonsense", "TOKEN_INVALID"],
    ["is larger than any token", async () => `Bearer ${"a".repeat(20_000)}`, "TOKEN_INVALID"],
    ["has expired", async () => `Bearer ${await token({ exp: secondsFromNow(-60) })}`, "TOKEN_EXPIRED"],
    ["never expires", async () => `Bearer ${await token({ exp: null })}`, "TOKEN_INVALID"],
    ["is not valid yet", async () => `Bearer ${await token({ nbf: secondsFromNow(600) })}`, "TOKEN_INVALID"],
    ["is for another audience", async () => `Bearer ${await token({ aud: "account" })}`, "TOKEN_AUDIENCE"],
    ["is of another issuer", async () => `Bearer ${await token({ iss: "https://evil.example" })}`, "TOKEN_INVALID"],
    ["has no subject", async () => `Bearer ${await token({ sub: null })}`, "TOKEN_INVALID"],
    ["is signed by another key", async () => `Bearer ${await token({ key: other.privateKey })}`, "TOKEN_INVALID"],
    [
      "names an unknown key",
      async () => `Bearer ${await token({ kid: "k2", key: other.privateKey })}`,
      "TOKEN_INVALID",
    ],
    ["is altered", async () => `Bearer ${(await token()).replace(/.{6}$/, "AAAAAA")}`, "TOKEN_INVALID"],
    [
      "has algorithm none",
      async () =>
        `Bearer ${new UnsecuredJWT({}).setIssuer(issuer).setAudience(audience).setSubject("1").setExpirationTime("5m").encode()}`,
      "TOKEN_INVALID",
    ],
    [
      "is an HMAC under the public key",
      async () =>
        `Bearer ${await token({ alg: "HS256", key: new TextEncoder().encode(await exportSPKI(keys.publicKey)) })}`,
      "TOKEN_INVALID",
    ],
  ])("that %s is refused with its own code", async (_what, make, code) => {
    expect(await codeOf(await make())).toBe(code);
  });

  it("cannot be judged while the provider is out of reach, and can again once it is back", async () => {
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "RS256" };
    let down = true;
    const provider = createServer((request, response) => {
      const origin = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
      if (down) response.writeHead(503).end();
      else if (request.url === "/.well-known/openid-configuration")
        response.end(JSON.stringify({ jwks_uri: `${origin}/jwks` }));
      else response.end(JSON.stringify({ keys: [jwk] }));
    }).listen(0, "127.0.0.1");
    await once(provider, "listening");
    const local = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    const remote = createTokenVerifier({ issuer: local, audience });
    const authorization = `Bearer ${await token({ iss: local })}`;
    expect(await codeOf(authorization, remote)).toBe("IDENTITY_UNAVAILABLE");
    down = false;
    expect(await codeOf(authorization, remote)).toBe("accepted");
    provider.close();
  });
});
