import { expect, test } from "vitest"
import { takeBytes } from "./byte-slab.ts"

test("no byte is handed out twice, across the ends of slabs too", () => {
  const lengths = [1, 8192, 8193, 0, 5000, 100_000, 7, 8192, 8192, 8192, 8192, 8192, 8192, 8192]
  const taken = [...lengths, ...lengths, ...lengths].map((length, index) => {
    const bytes = takeBytes(length)
    expect([bytes.length, bytes.every((byte) => byte === 0)]).toEqual([length, true])
    return bytes.fill((index % 255) + 1)
  })
  for (const [index, bytes] of taken.entries()) {
    expect(bytes.every((byte) => byte === (index % 255) + 1)).toBe(true)
  }
})
