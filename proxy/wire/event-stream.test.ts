import { expect, test } from "vitest"
import { decodeEventStream, EventTooLargeError, type TextEvent } from "./event-stream.ts"

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

function decode(
  text: string,
  step: number,
  eventCharsMax = 100,
): { events: TextEvent[]; comments: number } {
  const events: TextEvent[] = []
  let comments = 0
  const decoder = decodeEventStream({
    onEvent: (event) => events.push(event),
    onComment: () => comments++,
    eventCharsMax,
  })
  const bytes = encode(text)
  for (let at = 0; at < bytes.length; at += step) decoder.push(bytes.subarray(at, at + step))
  return { events, comments }
}

test.each([1, 2, 3, 1000])(
  "events and comments come out at any split (%i bytes a piece)",
  (step) => {
    const text = ": ping\n\nevent: snapshot\nid: 7\ndata: é\ndata: 漢\n\ndata: x\r\n\r\n"
    expect(decode(text, step)).toEqual({
      events: [
        { event: "snapshot", data: "é\n漢", id: "7" },
        { event: "message", data: "x", id: null },
      ],
      comments: 1,
    })
  },
)

test("an event over the limit throws, many small ones do not", () => {
  expect(() => decode(`data: ${"x".repeat(200)}`, 10)).toThrow(EventTooLargeError)
  expect(decode("data: x\n\n".repeat(100), 10).events).toHaveLength(100)
})
