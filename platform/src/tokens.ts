/** Access tokens (JWT, RFC 9068 in spirit): verified at the gateway and again in each subgraph. */
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { DomainError } from "./errors.ts";
import { userIdOf } from "./ids.ts";

/** Who is calling, as a verified token says. */
export interface Caller {
  readonly userId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly username: string;
  readonly displayName: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** The token itself, to be passed on. */
  readonly token: string;
}

export interface TokenVerifier {
  /**
   * @param authorization "Bearer …" (RFC 6750 §2.1).
   * @throws DomainError UNAUTHENTICATED, TOKEN_EXPIRED, TOKEN_AUDIENCE, TOKEN_INVALID or IDENTITY_UNAVAILABLE
   */
  verify(authorization: string | undefined): Promise<Caller>;
}

export interface TokenVerifierOptions {
  issuer: string;
  audience: string;
  /** Found by OpenID discovery when absent. */
  jwksUri?: string | undefined;
  /** Instead of fetching keys. */
  keys?: JWTVerifyGetKey;
}

/** Asymmetric ones only: a public key must never serve as an HMAC secret (RFC 8725 §3.1). */
const algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
const clockToleranceS = 5;
const fetchTimeoutMs = 5_000;
const maxTokenLength = 16_384;

const unavailable = (cause: unknown) => new DomainError("IDENTITY_UNAVAILABLE", undefined, { cause });

async function discoverKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const discovery = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const response = await fetch(discovery, { signal: AbortSignal.timeout(fetchTimeoutMs) });
  if (!response.ok) throw new Error(`${discovery} answered ${response.status}`);
  const metadata = (await response.json()) as { jwks_uri?: unknown };
  if (typeof metadata.jwks_uri !== "string") throw new Error(`${discovery} names no jwks_uri`);
  return createRemoteJWKSet(new URL(metadata.jwks_uri), { timeoutDuration: fetchTimeoutMs });
}

function callerOf(payload: JWTPayload, token: string): Caller {
  const { iss, sub, exp } = payload;
  if (iss === undefined || sub === undefined || sub === "" || exp === undefined)
    throw new DomainError("TOKEN_INVALID", "The token lacks iss, sub or exp.");
  const username = typeof payload["preferred_username"] === "string" ? payload["preferred_username"] : sub;
  const displayName = typeof payload["name"] === "string" ? payload["name"] : username;
  return { userId: userIdOf(iss, sub), issuer: iss, subject: sub, username, displayName, expiresAt: exp, token };
}

/** Tells the reasons apart that a client can act on; never says more about the token than its holder knows. */
function refusal(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (error instanceof errors.JWTExpired) return new DomainError("TOKEN_EXPIRED");
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "aud")
    return new DomainError("TOKEN_AUDIENCE");
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) return unavailable(error);
  // JOSEError itself (not a subclass) is how jose says that the JWKS could not be fetched.
  if (error.code === "ERR_JOSE_GENERIC") return unavailable(error);
  return new DomainError("TOKEN_INVALID", undefined, { cause: error });
}

export function createTokenVerifier({ issuer, audience, jwksUri, keys }: TokenVerifierOptions): TokenVerifier {
  let found: Promise<JWTVerifyGetKey> | undefined;
  const keySource = async () => {
    if (keys !== undefined) return keys;
    found ??=
      jwksUri === undefined
        ? discoverKeys(issuer)
        : Promise.resolve(createRemoteJWKSet(new URL(jwksUri), { timeoutDuration: fetchTimeoutMs }));
    try {
      return await found;
    } catch (error) {
      found = undefined; // the next call asks again
      throw unavailable(error);
    }
  };

  return {
    async verify(authorization) {
      if (authorization === undefined || authorization === "") throw new DomainError("UNAUTHENTICATED");
      const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
      if (token === undefined || token.length > maxTokenLength)
        throw new DomainError("TOKEN_INVALID", "The authorization must be: Bearer TOKEN");
      try {
        const { payload } = await jwtVerify(token, await keySource(), {
          issuer,
          audience,
          algorithms,
          clockTolerance: clockToleranceS,
          requiredClaims: ["exp", "sub", "iss", "aud"],
        });
        return callerOf(payload, token);
      } catch (error) {
        throw refusal(error);
      }
    },
  };
}
