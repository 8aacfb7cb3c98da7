import type { MessageRecord } from "@sealgraph/platform/records.ts";
import { expect, test } from "vitest";
import { firstOfEach, idTaken } from "./dedupe.ts";

const message = (id: string, contentHash: string) => ({ id, contentHash }) as MessageRecord;

test("of each id the first in the log is the one", () => {
  const [a, again, b] = [message("1", "x"), message("1", "y"), message("2", "x")];
  expect(firstOfEach([a, again, b])).toEqual({ first: [a, b], later: [again] });
});

test("an identical loser is silent, a different one fails, each content once", () => {
  const hashes = new Map([["1", "x"]]);
  const losers = [message("1", "x"), message("1", "y"), message("1", "z"), message("1", "y")];
  expect(idTaken(losers, hashes).map(({ contentHash }) => contentHash)).toEqual(["y", "z"]);
});

test("a loser against nobody is a fault", () => {
  expect(() => idTaken([message("1", "x")], new Map())).toThrow("lost against none");
});
