import { expect, test } from "vitest"
import { ChunkRoom, frameChunk } from "./chunk-frame.ts"

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1")
const run = (length: number) => new Uint8Array(length).fill(0x61)

test.each([1, 9, 15, 16, 17, 255, 256, 4095, 4096, 16_377, 16_378, 65_536, 1_048_577])(
  "%i bytes are framed with their length in hexadecimal",
  (length) => {
    const expected = `${length.toString(16)}\r\n${"a".repeat(length)}\r\n`
    expect(latin1(frameChunk(run(length)))).toBe(expected)
    expect(latin1(new ChunkRoom().frame(run(length)))).toBe(expected)
  },
)

test("a frame that is kept is not written over by the next", () => {
  const room = new ChunkRoom()
  const kept = room.frame(Buffer.from("first"))
  room.keep()
  const free = room.frame(Buffer.from("other"))
  room.frame(Buffer.from("third"))
  expect(latin1(kept)).toBe("5\r\nfirst\r\n")
  expect(latin1(free)).toBe("5\r\nthird\r\n")
})
