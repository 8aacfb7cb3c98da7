import { inject, expect, test } from "vitest";
import { fillLoginForm } from "../demo/login-form.ts";
import { resumeSession, signIn, signInWithDeviceCode } from "../src/node/sign-in.ts";

const issuer = () => inject("system").oidcIssuer;
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;

test("authorization code with PKCE gives a token for the graph", async () => {
  const session = await signIn({ issuer: issuer(), authorize: fillLoginForm("alice", "alice") });
  expect(claimsOf(await session.token())).toMatchObject({
    aud: "sealgraph",
    preferred_username: "alice",
    iss: issuer(),
  });
});

test("a callback without this sign-in's state is turned away, and the right one is still waited for", async () => {
  const statuses: number[] = [];
  const authorize = async (url: URL) => {
    for (const state of ["", "?code=stolen", "?code=stolen&state=another", "?error=access_denied&state=another"]) {
      statuses.push((await fetch(`${url.searchParams.get("redirect_uri")}${state}`)).status);
    }
    await fillLoginForm("alice", "alice")(url);
  };
  const session = await signIn({ issuer: issuer(), authorize });
  expect(claimsOf(await session.token())).toMatchObject({ preferred_username: "alice" });
  expect(statuses).toEqual([400, 400, 400, 400]);
});

test("a kept refresh token gives a new session, and one that is over asks to sign in again", async () => {
  const kept: string[] = [];
  const options = { issuer: issuer(), onRefreshToken: (token: string) => kept.push(token) };
  const first = await signIn({ ...options, authorize: fillLoginForm("bob", "bob") });
  const second = await resumeSession({ ...options, refreshToken: kept[0] ?? "" });
  expect(claimsOf(await second.token())["sub"]).toBe(claimsOf(await first.token())["sub"]);
  await expect(resumeSession({ issuer: issuer(), refreshToken: "over" })).rejects.toMatchObject({
    code: "SIGN_IN_NEEDED",
  });
});

test("a token is renewed once for all who wait for it", async () => {
  const kept: string[] = [];
  const { refreshToken } = await signIn({ issuer: issuer(), authorize: fillLoginForm("bob", "bob") });
  const session = await resumeSession({
    issuer: issuer(),
    refreshToken: refreshToken ?? "",
    onRefreshToken: (token) => kept.push(token),
  });
  const tokens = await Promise.all(Array.from({ length: 10 }, () => session.token()));
  expect(new Set(tokens).size).toBe(1);
  // The one that was given, and at most the one that replaced it.
  expect(kept.length).toBeLessThanOrEqual(2);
});

test("a wrong password signs nobody in", async () => {
  const signingIn = signIn({ issuer: issuer(), authorize: fillLoginForm("alice", "wrong") });
  await expect(signingIn).rejects.toMatchObject({ code: "SIGN_IN_FAILED" });
});

test("no provider at the address is an error with a name", async () => {
  await expect(signIn({ issuer: "http://127.0.0.1:9/realms/none" })).rejects.toMatchObject({
    code: "IDENTITY_UNAVAILABLE",
    retryable: true,
  });
});

test("a device code tells where to go, and its time is bounded", async () => {
  let shown: { userCode: string; verificationUri: string } | undefined;
  const waiting = signInWithDeviceCode({ issuer: issuer(), prompt: (prompt) => (shown = prompt), timeoutMs: 1_500 });
  await expect(waiting).rejects.toMatchObject({ code: expect.stringMatching(/^(SIGN_IN_FAILED|TIMEOUT)$/) as string });
  expect(shown?.verificationUri).toMatch(/^http/);
  expect(shown?.userCode).not.toBe("");
});
