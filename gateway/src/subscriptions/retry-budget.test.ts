import { expect, test } from "vitest";
import { RetryBudget } from "./retry-budget.ts";

const limits = { attempts: 4, baseDelayMs: 100, maxDelayMs: 300, totalMs: 10_000 };

test("delays double up to the longest, and half of each is random", () => {
  const least = new RetryBudget(
    limits,
    () => 0,
    () => 0,
  );
  expect([1, 2, 3, 4, 5].map(() => least.nextDelayMs())).toEqual([50, 100, 150, 150, undefined]);
  const most = new RetryBudget(
    limits,
    () => 0,
    () => 1,
  );
  expect([1, 2, 3, 4].map(() => most.nextDelayMs())).toEqual([100, 200, 300, 300]);
});

test("time is bounded from the first break on, whatever attempts are left", () => {
  let now = 5;
  const budget = new RetryBudget(
    { ...limits, totalMs: 200 },
    () => now,
    () => 1,
  );
  expect(budget.nextDelayMs()).toBe(100);
  now = 150;
  expect(budget.nextDelayMs()).toBeUndefined();
});

test("progress gives a full budget again", () => {
  let now = 0;
  const budget = new RetryBudget({ ...limits, attempts: 1 }, () => now);
  expect(budget.nextDelayMs()).toBeDefined();
  expect(budget.nextDelayMs()).toBeUndefined();
  budget.reset();
  now = 60_000;
  expect(budget.nextDelayMs()).toBeDefined();
});
