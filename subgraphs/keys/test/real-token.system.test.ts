import { userIdOf } from "@sealgraph/platform/ids.ts";
import { topics } from "@sealgraph/platform/topics.ts";
import { signInHeadless } from "@sealgraph/stack/sign-in.ts";
import { decodeJwt } from "jose";
import { describe, expect, inject, it } from "vitest";
import { readDirectory } from "./fresh-parts.ts";
import { ask, inputOf, registerMutation, revokeMutation, soon } from "./keys-under-test.ts";

const { keysUrl, kafkaBrokers, oidcIssuer } = inject("system");

describe("the running keys program", () => {
  it("registers and revokes a device of whoever signed in at the identity provider, and tells device-directory", async () => {
    const { accessToken } = await signInHeadless({ issuer: oidcIssuer, username: "alice" });
    const userId = userIdOf(oidcIssuer, decodeJwt(accessToken).sub ?? "");
    const me = await ask(keysUrl, accessToken, "{ me { id username } }");
    expect(me).toEqual({ data: { me: { id: userId, username: "alice" } } });

    const directory = await readDirectory(kafkaBrokers, topics.deviceDirectory.name);
    const latest = () => directory.changesOf(userId).at(-1);
    const { data, errors } = await ask(keysUrl, accessToken, registerMutation, { input: await inputOf(userId) });
    expect(errors).toBeUndefined();
    const { id, user } = data.registerDevice;
    await expect.poll(() => latest()?.devicesVersion, soon).toBeGreaterThanOrEqual(user.devicesVersion);
    expect(latest()?.devices).toContainEqual({ id });

    await ask(keysUrl, accessToken, revokeMutation, { id });
    await expect.poll(() => latest()?.revoked, soon).toContain(id);
    expect(latest()?.devices).not.toContainEqual({ id });
    await directory.stop();
  });
});
