/**
 * Prints a SendMessageInput whose body and headers are random bytes, which the server cannot tell from ciphertext:
 * node client/examples/opaque-message.ts CONVERSATION_ID DEVICE_ID USER_ANSWER…
 * USER_ANSWER: files with the answers to `user(username:) { id devicesVersion devices { id revokedAt } }`.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { v7 } from "uuid";

const [conversationId, deviceId, ...answers] = process.argv.slice(2);
if (conversationId === undefined || deviceId === undefined || answers.length === 0) {
  process.stderr.write("usage: node client/examples/opaque-message.ts CONVERSATION_ID DEVICE_ID USER_ANSWER…\n");
  process.exit(2);
}
interface User {
  id: string;
  devicesVersion: number;
  devices: { id: string; revokedAt: string | null }[];
}
const recipients = answers
  .map((file) => (JSON.parse(readFileSync(file, "utf8")) as { data: { user: User } }).data.user)
  .map(({ id, devicesVersion, devices }) => ({
    userId: id,
    devicesVersion,
    headers: devices
      .filter((device) => device.revokedAt === null && device.id !== deviceId)
      .map((device) => ({ deviceId: device.id, header: randomBytes(256).toString("base64url") })),
  }));
const body = randomBytes(64).toString("base64url");
process.stdout.write(JSON.stringify({ id: v7(), conversationId, deviceId, suite: "example/opaque", body, recipients }));
