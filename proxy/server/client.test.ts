import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, expect, test } from "vitest"
import { ResponseClient } from "./client.ts"

/** What the next request is answered with. */
let body: Uint8Array | string = ""
let closed = 0
const server = createServer((request, response) => {
  const client = new ResponseClient(response, request.socket, { isDraining: false }, () => {
    closed += 1
  })
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length
  client.start(200, ["content-type", "text/plain", "content-length", String(length)])
  client.end(body)
})
let origin = ""
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

const everyByte = (length: number) => Uint8Array.from({ length }, (_, index) => index % 256)
const cases = [
  { name: "every byte there is", bytes: everyByte(256) },
  { name: "none", bytes: everyByte(0) },
  { name: "as much as is joined to the head", bytes: everyByte(16_384) },
  { name: "a byte more than that", bytes: everyByte(16_385) },
  { name: "a part of a larger buffer", bytes: everyByte(1000).subarray(3, 900) },
]
test.each(cases)("a whole answer arrives byte for byte: $name", async ({ bytes }) => {
  body = bytes
  closed = 0
  const answer = await fetch(origin)
  expect(new Uint8Array(await answer.arrayBuffer())).toEqual(new Uint8Array(bytes))
  await expect.poll(() => closed).toBe(1)
})

test("text of ours goes out as UTF-8", async () => {
  body = "größer – ✓"
  expect(await (await fetch(origin)).text()).toBe("größer – ✓")
})
