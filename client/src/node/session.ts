import * as oidc from "openid-client";
import { SealgraphError } from "../errors.ts";

/** A signed-in user: `token` is what SealgraphClient asks for. */
export interface Session {
  /** An access token that is good for at least a few seconds; renewed when needed, once for all who wait. */
  token(): Promise<string>;
  /** Undefined when the provider gave none. */
  readonly refreshToken: string | undefined;
}

interface Tokens {
  access_token?: string;
  refresh_token?: string | undefined;
  expires_in?: number | undefined;
}

/** A token with less time left is renewed first, so that it does not run out on its way. */
const marginMs = 20_000;
/** A provider that does not say how long a token is good. */
const defaultExpiresInS = 60;

/** @throws SealgraphError from token(): SIGN_IN_NEEDED when the session is over, NETWORK when the provider is away. */
export function openSession(
  config: oidc.Configuration,
  first: Tokens,
  onRefreshToken?: (refreshToken: string) => void,
): Session {
  let accessToken = first.access_token;
  let renewAtMs = accessToken === undefined ? 0 : renewalMs(first);
  let refreshToken = first.refresh_token;
  let renewing: Promise<string> | undefined;
  if (refreshToken !== undefined) onRefreshToken?.(refreshToken);

  async function renew(): Promise<string> {
    if (refreshToken === undefined) throw new SealgraphError("SIGN_IN_NEEDED", "the session is over: sign in again");
    try {
      const tokens = await oidc.refreshTokenGrant(config, refreshToken);
      accessToken = tokens.access_token;
      renewAtMs = renewalMs(tokens);
      // RFC 6749 §6: a new one replaces the old one.
      if (tokens.refresh_token !== undefined && tokens.refresh_token !== refreshToken) {
        refreshToken = tokens.refresh_token;
        onRefreshToken?.(refreshToken);
      }
      return accessToken;
    } catch (error) {
      if (error instanceof oidc.ResponseBodyError) {
        throw new SealgraphError("SIGN_IN_NEEDED", `the session is over (${error.error}): sign in again`, {
          cause: error,
        });
      }
      throw new SealgraphError("NETWORK", "the identity provider cannot be reached", { retryable: true, cause: error });
    }
  }

  return {
    token() {
      if (accessToken !== undefined && Date.now() < renewAtMs) return Promise.resolve(accessToken);
      renewing ??= renew().finally(() => (renewing = undefined));
      return renewing;
    },
    get refreshToken() {
      return refreshToken;
    },
  };
}

function renewalMs({ expires_in: expiresInS = defaultExpiresInS }: Tokens): number {
  return Date.now() + Math.max(expiresInS * 500, expiresInS * 1_000 - marginMs);
}
