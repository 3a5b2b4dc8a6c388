import fc from "fast-check"
import { describe, expect, test, vi } from "vitest"
import { encodeAwsMessage } from "#test/golden/providers/aws-message.ts"
import { createAwsReader } from "./aws-event-stream.ts"

function encode(name: string, body: unknown, kind: "event" | "exception" = "event"): Uint8Array {
  return encodeAwsMessage(name, JSON.stringify(body), kind, {
    ":date": { type: "timestamp", value: new Date(0) },
    ":flag": { type: "boolean", value: true },
    ":bytes": { type: "binary", value: new Uint8Array([1, 2, 3]) },
  })
}

const EVENTS = [
  encode("messageStart", { role: "assistant" }),
  encode("contentBlockDelta", { delta: { text: "Größe 😀" }, contentBlockIndex: 0 }),
  encode("messageStop", { stopReason: "end_turn" }),
  encode("throttlingException", { message: "slow down" }, "exception"),
]
const STREAM = Uint8Array.from(EVENTS.flatMap((event) => [...event]))
const WANT = [
  ["messageStart", '{"role":"assistant"}'],
  ["contentBlockDelta", '{"delta":{"text":"Größe 😀"},"contentBlockIndex":0}'],
  ["messageStop", '{"stopReason":"end_turn"}'],
  ["!throttlingException", '{"message":"slow down"}'],
]

function readAll(chunks: readonly Uint8Array[], max = 1024 * 1024) {
  const frames: (readonly [string | null, string])[] = []
  const reader = createAwsReader(max, (frame) => {
    if (frame?.kind !== "json") return
    frames.push([frame.name, new TextDecoder().decode(frame.document.bytes)])
  })
  let fault: string | null = null
  for (const chunk of chunks) fault = reader.push(chunk)
  return { frames, fault }
}

describe("AWS's own encoding is read", () => {
  test("in one piece", () => {
    expect(readAll([STREAM])).toEqual({ frames: WANT, fault: null })
  })
  test("byte by byte", () => {
    const bytes = [...STREAM].map((byte) => Uint8Array.of(byte))
    expect(readAll(bytes)).toEqual({ frames: WANT, fault: null })
  })
  test("at any split", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), STREAM.length]
        const chunks = at.slice(1).map((end, index) => STREAM.subarray(at[index], end))
        expect(readAll(chunks)).toEqual({ frames: WANT, fault: null })
      }),
    )
  })
})

describe("what Bedrock reports within a stream is told by its name, whatever stands beside it", () => {
  const text = (value: string) => ({ type: "string", value }) as const
  const frames = [
    ["a text in place of JSON", encodeAwsMessage("throttlingException", "Too fast", "exception")],
    ["no payload", encodeAwsMessage("throttlingException", "", "exception")],
    [
      "an event's name as well",
      encodeAwsMessage("throttlingException", "{}", "exception", { ":event-type": text("chunk") }),
    ],
    [
      "an error of the protocol's own",
      encodeAwsMessage("x", "", "event", {
        ":event-type": { type: "boolean", value: true },
        ":message-type": text("error"),
        ":error-code": text("throttlingException"),
      }),
    ],
  ] as const
  test.each(frames)("%s", (_name, message) => {
    const { frames: read, fault } = readAll([message])
    expect([read.map(([name]) => name), fault]).toEqual([["!throttlingException"], null])
  })
})

test("a message of 8 MiB in small pieces is read in time that grows with it alone", () => {
  const message = encodeAwsMessage("x", JSON.stringify("x".repeat(8 * 1024 * 1024)))
  let moved = 0
  const move = vi.spyOn(Uint8Array.prototype, "copyWithin").mockImplementation(function (
    this: Uint8Array,
  ) {
    moved += 1
    return this
  })
  const reader = createAwsReader(16 * 1024 * 1024, () => undefined)
  for (let at = 0; at < message.length; at += 1024) reader.push(message.subarray(at, at + 1024))
  move.mockRestore()
  expect(moved).toBeLessThanOrEqual(1)
})

describe("what is broken is a fault, never a crash", () => {
  test("any single changed byte", () => {
    for (let at = 0; at < (EVENTS[0]?.length ?? 0); at++) {
      const broken = STREAM.slice()
      broken[at] = (broken[at] ?? 0) ^ 0x41
      const { frames, fault } = readAll([broken])
      expect(fault ?? "waits for more").not.toBe("")
      expect(frames.length === 0 || fault !== null).toBe(true)
    }
  })
  test("a length over the limit", () => {
    expect(readAll([STREAM], 64).fault).toBe("one message is over 64 bytes")
  })
  test("random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 200 }), (bytes) => {
        expect(readAll([bytes]).fault).toContain("checksum")
      }),
    )
  })
  test("a payload that is no JSON", () => {
    expect(readAll([encodeAwsMessage("x", "{")]).fault).not.toBeNull()
  })
})
