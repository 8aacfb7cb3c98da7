/** An identity provider's public side (discovery and keys) over HTTP, and its private side in the hands of the test. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";

export const audience = "sealgraph";

export interface TokenChoices {
  issuer?: string;
  audience?: string;
  /** From now; negative is past. */
  expiresInS?: number;
}

export interface IdentityProvider {
  issuer: string;
  token(choices?: TokenChoices): Promise<string>;
  /** Signed by a key that the provider does not publish, under a published key's id. */
  foreignToken(): Promise<string>;
  /** alg none (RFC 7519 §6). */
  unsecuredToken(): string;
  /** HS256 with the public key's PEM as secret: the old confusion of key types (RFC 8725 §2.1). */
  confusedToken(): Promise<string>;
  stop(): Promise<void>;
}

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const keyId = "key-1";
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const foreign = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: keyId, alg: "RS256", use: "sig" };

  const server = createServer((request, response) => {
    const documents: Record<string, unknown> = {
      "/.well-known/openid-configuration": { issuer, jwks_uri: `${issuer}/jwks` },
      "/jwks": { keys: [jwk] },
    };
    const document = documents[request.url ?? ""];
    response.writeHead(document === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(document ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const claims = { preferred_username: "alice", name: "Alice" };
  const nowS = () => Math.floor(Date.now() / 1_000);
  const signed = (alg: string, key: CryptoKey | Uint8Array, choices: TokenChoices = {}) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg, kid: keyId })
      .setSubject("alice-1")
      .setIssuer(choices.issuer ?? issuer)
      .setAudience(choices.audience ?? audience)
      .setIssuedAt(nowS() - 600)
      .setExpirationTime(nowS() + (choices.expiresInS ?? 300))
      .sign(key);

  return {
    issuer,
    token: (choices) => signed("RS256", privateKey, choices),
    foreignToken: () => signed("RS256", foreign.privateKey),
    unsecuredToken: () =>
      new UnsecuredJWT(claims)
        .setSubject("alice-1")
        .setIssuer(issuer)
        .setAudience(audience)
        .setExpirationTime("5m")
        .encode(),
    confusedToken: async () => signed("HS256", new TextEncoder().encode(await exportSPKI(publicKey))),
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
