import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { generateDeviceKeys } from "./device-keys.ts";
import { inputOf, registerMutation, startKeysUnderTest, soon } from "./keys-under-test.ts";

let keys: Awaited<ReturnType<typeof startKeysUnderTest>>;
let directory: Awaited<ReturnType<(typeof keys)["directory"]>>;
beforeAll(async () => {
  keys = await startKeysUnderTest(inject("system"), { MAX_DEVICES_PER_USER: "3", MAX_REGISTRATIONS_PER_DAY: "6" });
  directory = await keys.directory();
});
afterAll(async () => {
  await directory?.stop();
  await keys?.stop();
});

const codeOf = (answer: { errors?: { extensions: { code: string } }[] }) => answer.errors?.[0]?.extensions.code;

describe("registerDevice", () => {
  it("gives the device, raises the version by one, and reaches the directory", async () => {
    const alice = await keys.person();
    const { data, errors } = await alice.register();
    expect(errors).toBeUndefined();
    const device = data.registerDevice;
    expect(device).toMatchObject({ name: "phone", revokedAt: null, user: { id: alice.userId, devicesVersion: 1 } });
    expect(Date.parse(device.createdAt)).toBeGreaterThan(Date.now() - 60_000);
    await expect
      .poll(() => directory.changesOf(alice.userId), soon)
      .toEqual([
        { v: 1, type: "directory", userId: alice.userId, devicesVersion: 0, devices: [], revoked: [] },
        { v: 1, type: "directory", userId: alice.userId, devicesVersion: 1, devices: [{ id: device.id }], revoked: [] },
      ]);
  });

  it("sent again gives the same device and changes nothing", async () => {
    const alice = await keys.person();
    const own = generateDeviceKeys();
    const first = await alice.register(own);
    const second = await alice.register(own);
    expect(second).toEqual(first);
  });

  it("sent twenty times at once gives one device, one version, one entry", async () => {
    const alice = await keys.person();
    const input = await inputOf(alice.userId);
    const answers = await Promise.all(Array.from({ length: 20 }, () => alice.call(registerMutation, { input })));
    const devices = answers.map(({ data, errors }) => {
      expect(errors).toBeUndefined();
      return data.registerDevice.id as string;
    });
    expect(new Set(devices).size).toBe(1);
    expect((await alice.call("{ me { devicesVersion devices { id } } }")).data.me).toEqual({
      devicesVersion: 1,
      devices: [{ id: devices[0] }],
    });
    await expect.poll(() => directory.changesOf(alice.userId).map((entry) => entry.devicesVersion)).toEqual([0, 1]);
  });

  it("with a known signing key but another name or encryption key is DEVICE_EXISTS", async () => {
    const alice = await keys.person();
    const own = generateDeviceKeys();
    await alice.register(own);
    expect(codeOf(await alice.register(own, "another name"))).toBe("DEVICE_EXISTS");
    expect(codeOf(await alice.register({ ...generateDeviceKeys(), signing: own.signing }))).toBe("DEVICE_EXISTS");
  });

  it("with another user's signing key is DEVICE_EXISTS, also at the same moment", async () => {
    const own = generateDeviceKeys();
    const people = await Promise.all(Array.from({ length: 8 }, () => keys.person()));
    const answers = await Promise.all(people.map((person) => person.register(own)));
    expect(answers.filter(({ data }) => data?.registerDevice).length).toBe(1);
    expect(answers.filter((answer) => codeOf(answer) === "DEVICE_EXISTS").length).toBe(7);
  });

  it("with another user's proof is PROOF_INVALID", async () => {
    const [alice, bob] = [await keys.person(), await keys.person()];
    const input = await inputOf(alice.userId);
    expect(codeOf(await bob.call(registerMutation, { input }))).toBe("PROOF_INVALID");
  });

  it("names the field that is wrong", async () => {
    const alice = await keys.person();
    const input = { ...(await inputOf(alice.userId)), name: "" };
    const { errors } = await alice.call(registerMutation, { input });
    expect(errors?.[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", retryable: false, field: "name" });
  });

  it("over the limit of active devices is DEVICE_LIMIT, also at once; a revoked one makes room", async () => {
    const alice = await keys.person();
    const answers = await Promise.all(Array.from({ length: 5 }, () => alice.register()));
    const registered = answers.flatMap(({ data }) => (data?.registerDevice ? [data.registerDevice.id as string] : []));
    expect(registered.length).toBe(3);
    expect(answers.filter((answer) => codeOf(answer) === "DEVICE_LIMIT").length).toBe(2);
    await alice.revoke(registered[0] ?? "");
    expect((await alice.register()).errors).toBeUndefined();
  });

  it("over the registrations of a day is DEVICE_LIMIT, though others were revoked", async () => {
    const alice = await keys.person();
    for (let count = 0; count < 6; count += 1) {
      const { data } = await alice.register();
      await alice.revoke(data.registerDevice.id);
    }
    expect(codeOf(await alice.register())).toBe("DEVICE_LIMIT");
  });
});

describe("revokeDevice", () => {
  it("ends the device, raises the version by one, and again changes nothing", async () => {
    const alice = await keys.person();
    const own = generateDeviceKeys();
    const { id } = (await alice.register(own)).data.registerDevice;
    const first = await alice.revoke(id);
    expect(first.data.revokeDevice).toEqual({ id, revokedAt: expect.any(String), user: { devicesVersion: 2 } });
    expect(await alice.revoke(id)).toEqual(first);
    await expect
      .poll(() => directory.changesOf(alice.userId).at(-1), soon)
      .toEqual({ v: 1, type: "directory", userId: alice.userId, devicesVersion: 2, devices: [], revoked: [id] });
    expect(codeOf(await alice.register(own))).toBe("DEVICE_REVOKED");
  });

  it("answers another user's device exactly as one that doesn't exist", async () => {
    const [alice, bob] = [await keys.person(), await keys.person()];
    const { id } = (await alice.register()).data.registerDevice;
    const foreign = await bob.revoke(id);
    expect(codeOf(foreign)).toBe("DEVICE_UNKNOWN");
    expect(foreign).toEqual(await bob.revoke("6f2a1c7e-0000-4000-8000-000000000001"));
    expect((await alice.call("{ me { devices { id revokedAt } } }")).data.me.devices).toEqual([
      { id, revokedAt: null },
    ]);
  });

  it("of what is no id is BAD_USER_INPUT", async () => {
    const { errors } = await (await keys.person()).revoke("x");
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", field: "id" });
  });
});
