/** An identity provider of the test's own: any number of users, and tokens of any length of life. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export async function startIssuer() {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "RS256", use: "sig" }] };
  const server = createServer((request, response) => {
    const isDiscovery = request.url?.endsWith("/.well-known/openid-configuration");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(isDiscovery ? { issuer: url, jwks_uri: `${url}/jwks` } : jwks));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    tokenOf: (subject: string, lifeS = 600) =>
      new SignJWT({ preferred_username: `user-${subject}` })
        .setProtectedHeader({ alg: "RS256", kid: "1" })
        .setIssuer(url)
        .setSubject(subject)
        .setAudience("sealgraph")
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1_000) + lifeS)
        .sign(privateKey),
    stop: () => server.close(),
  };
}
