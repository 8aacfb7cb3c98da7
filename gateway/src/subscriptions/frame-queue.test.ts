import { expect, test } from "vitest";
import { FrameQueue } from "./frame-queue.ts";

test("frames leave in the order they came", () => {
  const queue = new FrameQueue<number>(1_000, 1_000);
  const left: number[] = [];
  for (let frame = 0; frame < 500; frame += 1) {
    queue.push(frame, 1);
    if (frame % 3 === 0) left.push(queue.shift() as number);
  }
  expect(queue.at(0)).toBe(left.length);
  while (queue.frames > 0) left.push(queue.shift() as number);
  expect(left).toEqual(Array.from({ length: 500 }, (_, index) => index));
  expect(queue.bytes).toBe(0);
});

test("a full queue takes no more frames", () => {
  const queue = new FrameQueue<string>(2, 100);
  expect([queue.push("a", 1), queue.push("b", 1), queue.push("c", 1)]).toEqual([true, true, false]);
});

test("a queue takes no more bytes, but one frame always fits", () => {
  const queue = new FrameQueue<string>(10, 100);
  expect(queue.push("larger than all", 500)).toBe(true);
  expect(queue.push("small", 1)).toBe(false);
  queue.shift();
  expect([queue.push("a", 60), queue.push("b", 40), queue.push("c", 1)]).toEqual([true, true, false]);
});
