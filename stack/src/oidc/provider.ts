import { generateKeyPairSync, randomUUID } from "node:crypto";
import { Provider, type Configuration, type JWK } from "oidc-provider";
import { html, page, contentSecurityPolicy } from "./pages.ts";
import { findUser } from "./users.ts";

export const realmPath = "/realms/my-cloud";
const clientId = "my-microservice";
const audience = "sealgraph";
/** The API as a resource (RFC 8707 wants a URI); its tokens' audience is the plain word that services check. */
const resource = "urn:sealgraph:api";

const accessTokenTtlS = 5 * 60;
const refreshTokenTtlS = 14 * 24 * 3_600;
const sessionTtlS = 24 * 3_600;
const loginTtlS = 10 * 60;

/** What signs tokens and cookies; kept, so that tokens stay valid over a restart. */
export interface ProviderSecrets {
  signingKey: JWK;
  cookieKey: string;
}

export function newSecrets(): ProviderSecrets {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const signingKey = { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg: "RS256", use: "sig" } as JWK;
  return { signingKey, cookieKey: randomUUID() };
}

/** An OpenID provider with one public client, two users and no password grant. */
export function createProvider(issuer: string, { signingKey, cookieKey }: ProviderSecrets): Provider {
  const configuration: Configuration = {
    jwks: { keys: [signingKey] },
    cookies: { keys: [cookieKey] },
    clients: [
      {
        client_id: clientId,
        client_name: "Sealgraph",
        application_type: "web",
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        response_types: ["code"],
        // Any port and path on this machine is accepted as well: isLoopback below.
        redirect_uris: ["http://localhost/callback", "http://127.0.0.1/callback"],
        id_token_signed_response_alg: "RS256",
      },
    ],
    scopes: ["openid", "offline_access"],
    claims: { openid: ["sub"], profile: ["name", "preferred_username"] },
    findAccount(_context, subject) {
      const user = findUser(subject);
      if (user === undefined) return undefined;
      return {
        accountId: subject,
        claims: () => ({ sub: subject, name: user.name, preferred_username: user.username }),
      };
    },
    extraTokenClaims(_context, token) {
      const user = "accountId" in token && token.accountId !== undefined ? findUser(token.accountId) : undefined;
      return user && { preferred_username: user.username, name: user.name };
    },
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      deviceFlow: {
        enabled: true,
        mask: "****-****",
        userCodeInputSource(context, form, _out, error) {
          const problem = error === undefined ? html`` : html`<p role="alert">That code is not valid. Try again.</p>`;
          context.body = page(
            "Connect a device",
            html`${problem}
              <p>Enter the code that the device shows.</p>
              ${{ html: form }} <button type="submit" form="op.deviceInputForm">Continue</button>`,
          );
        },
        userCodeConfirmSource(context, form, _client, _device, userCode) {
          context.body = page(
            "Connect a device",
            html`<p>Does the device show this code?</p>
              <p><strong>${userCode}</strong></p>
              ${{ html: form }} <button type="submit" form="op.deviceConfirmForm" autofocus>Yes, connect it</button>`,
          );
        },
        successSource(context) {
          context.body = page("Connected", html`<p>The device is signed in. You can close this page.</p>`);
        },
      },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        // Clients need not name the resource: every access token is for the API.
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: "",
          audience,
          accessTokenFormat: "jwt",
          accessTokenTTL: accessTokenTtlS,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
    interactions: { url: (_context, interaction) => `${realmPath}/interaction/${interaction.uid}` },
    /** The one client is ours: signing in is consent. */
    async loadExistingGrant(context) {
      const { client, session, result, provider } = context.oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
      const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
      if (known !== undefined) return known;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid profile offline_access");
      await grant.save();
      return grant;
    },
    issueRefreshToken: async (_context, client) => client.grantTypeAllowed("refresh_token"),
    expiresWithSession: async () => false,
    clientBasedCORS: (_context, origin) => isLoopback(origin),
    renderError(context, out) {
      context.type = "html";
      context.set("content-security-policy", contentSecurityPolicy);
      context.body = page(
        "Signing in failed",
        html`<p>${out.error}</p>
          <p>${out.error_description ?? ""}</p>`,
      );
    },
    ttl: {
      AccessToken: accessTokenTtlS,
      IdToken: accessTokenTtlS,
      AuthorizationCode: 60,
      DeviceCode: loginTtlS,
      Interaction: loginTtlS,
      RefreshToken: refreshTokenTtlS,
      Grant: refreshTokenTtlS,
      Session: sessionTtlS,
    },
  };
  const provider = new Provider(issuer, configuration);
  // RFC 8252 §7.3: a program on the user's machine listens on whatever port it gets.
  const { prototype } = provider.Client;
  prototype.redirectUriAllowed = isLoopback;
  prototype.postLogoutRedirectUriAllowed = isLoopback;
  return provider;
}

/** An http URL on this very machine, any port and path. */
function isLoopback(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    url.protocol === "http:" &&
    ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname) &&
    url.username === ""
  );
}
