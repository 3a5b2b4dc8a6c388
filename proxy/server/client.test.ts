import { createServer } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { ResponseClient } from "./client.ts"

/** What the next request is answered with. */
let body: Uint8Array | string = ""
let closed = 0
/** What a request to /stream is answered with. */
let onStream: (client: ResponseClient) => void | Promise<void> = () => {}
const server = createServer((request, response) => {
  const client = new ResponseClient(response, request.socket, { isDraining: false }, () => {
    closed += 1
  })
  if (request.url === "/stream") {
    client.start(200, ["content-type", "text/event-stream"])
    void onStream(client)
    return
  }
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length
  client.start(200, ["content-type", "text/plain", "content-length", String(length)])
  client.end(body)
})
let origin = ""
let port = 0
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  port = (server.address() as AddressInfo).port
  origin = `http://127.0.0.1:${port}`
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

/** One connection, and all that came on it as Latin-1. */
function openWire(): { readonly socket: Socket; readonly text: () => string } {
  const socket = connect(port, "127.0.0.1")
  let text = ""
  socket.setEncoding("latin1").on("data", (piece: string) => {
    text += piece
  })
  return { socket, text: () => text }
}

/** Pieces of many sizes, each told from the others. */
const pieces = [1, 16, 250, 5000, 16_378, 40_000].map((length, index) =>
  Uint8Array.from({ length }, (_, at) => (at * 7 + index) % 256),
)

describe("a stream", () => {
  test.each([
    { name: "in one turn", goOn: () => Promise.resolve() },
    { name: "a turn each", goOn: () => new Promise<void>((resolve) => setImmediate(resolve)) },
  ])("arrives byte for byte, and its connection serves again: $name", async ({ goOn }) => {
    onStream = async (client) => {
      for (const piece of [...pieces, new Uint8Array(0), "größer"]) {
        client.write(piece)
        await goOn()
      }
      client.end()
    }
    const { socket, text } = openWire()
    const request = "GET /stream HTTP/1.1\r\nhost: x\r\n\r\n"
    socket.write(request)
    await expect.poll(() => text().endsWith("\r\n0\r\n\r\n")).toBe(true)
    const first = text()
    socket.write(request)
    await expect.poll(() => text().length).toBe(2 * first.length)
    socket.destroy()
    const [head = "", ...body] = first.split("\r\n\r\n")
    expect(head.match(/transfer-encoding: chunked/gi)).toHaveLength(1)
    const expected = Buffer.concat([...pieces, Buffer.from("größer")])
    expect(unchunk(body.join("\r\n\r\n")).equals(expected)).toBe(true)
    const answer = await fetch(`${origin}/stream`)
    expect(Buffer.from(await answer.arrayBuffer()).equals(expected)).toBe(true)
  })

  test("to a client of HTTP/1.0 is not chunked and ends with the connection", async () => {
    onStream = (client) => {
      client.write("one ")
      client.end("two")
    }
    const { socket, text } = openWire()
    const closes = new Promise((resolve) => socket.once("close", resolve))
    socket.write("GET /stream HTTP/1.0\r\nhost: x\r\n\r\n")
    await closes
    expect(text()).not.toMatch(/transfer-encoding/i)
    expect(text()).toMatch(/\r\n\r\none two$/)
  })

  test("behind an earlier answer on its connection waits for that one's end", async () => {
    const clients: ResponseClient[] = []
    onStream = (client) => {
      clients.push(client)
    }
    const { socket, text } = openWire()
    const request = "GET /stream HTTP/1.1\r\nhost: x\r\n\r\n"
    socket.write(request + request)
    await expect.poll(() => clients.length).toBe(2)
    const [first, second] = clients
    second?.write("later")
    second?.write(" still")
    second?.end(" later")
    first?.write("now")
    await expect.poll(text).toContain("now")
    first?.write(" soon")
    first?.end()
    await expect.poll(() => text().match(/\r\n0\r\n\r\n/g)?.length).toBe(2)
    socket.destroy()
    const [, one = "", two = ""] = text().split(/HTTP\/1\.1 200[\s\S]*?\r\n\r\n/)
    expect(unchunk(one).toString()).toBe("now soon")
    expect(unchunk(two).toString()).toBe("later still later")
  })

  test("whose client reads nothing is not written over by another's", async () => {
    const clients: ResponseClient[] = []
    onStream = (client) => {
      clients.push(client)
    }
    const [slow, quick] = [openWire(), openWire()]
    const request = "GET /stream HTTP/1.1\r\nhost: x\r\n\r\n"
    slow.socket.pause()
    slow.socket.write(request)
    await expect.poll(() => clients.length).toBe(1)
    quick.socket.write(request)
    await expect.poll(() => clients.length).toBe(2)
    const [first, second] = clients
    let sent = ""
    // Until the kernel takes a piece in part, or not at all.
    for (let isTaken = true, at = 0; isTaken; at++) {
      const piece = String.fromCharCode(97 + (at % 26)).repeat(15_000)
      sent += piece
      isTaken = first?.write(Buffer.from(piece)) ?? false
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    second?.write("0".repeat(15_000))
    await expect.poll(() => quick.text().includes("0000")).toBe(true)
    second?.write("1".repeat(15_000))
    first?.end()
    second?.end()
    slow.socket.resume()
    const ended = () => slow.text().endsWith("\r\n0\r\n\r\n")
    await expect.poll(ended).toBe(true)
    expect(unchunk(slow.text().slice(slow.text().indexOf("\r\n\r\n") + 4)).toString()).toBe(sent)
    slow.socket.destroy()
    quick.socket.destroy()
  })

  test("holds back while its client reads nothing, and loses nothing", async () => {
    const count = 2_000
    const piece = (index: number) => Buffer.alloc(10_000, String.fromCharCode(97 + (index % 26)))
    let held = 0
    onStream = (client) => {
      let written = 0
      const go = () => {
        while (written < count) {
          written += 1
          if (client.write(piece(written))) continue
          held += 1
          return
        }
        client.end()
      }
      client.onDrain(go)
      go()
    }
    const { socket, text } = openWire()
    socket.pause()
    socket.write("GET /stream HTTP/1.1\r\nhost: x\r\n\r\n")
    await expect.poll(() => held).toBeGreaterThan(0)
    const heldBefore = held
    socket.resume()
    await expect.poll(() => text().endsWith("\r\n0\r\n\r\n")).toBe(true)
    expect(held).toBeGreaterThan(heldBefore)
    const body = unchunk(text().slice(text().indexOf("\r\n\r\n") + 4))
    const sent = Buffer.concat(Array.from({ length: count }, (_, index) => piece(index + 1)))
    expect(body.equals(sent)).toBe(true)
    expect(socket.listenerCount("drain")).toBe(0)
    socket.destroy()
  })
})

function unchunk(text: string): Buffer {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const end = text.indexOf("\r\n", at)
    const length = Number.parseInt(text.slice(at, end), 16)
    if (length === 0) return Buffer.concat(parts)
    const from = end + 2
    parts.push(Buffer.from(text.slice(from, from + length), "latin1"))
    if (text.slice(from + length, from + length + 2) !== "\r\n")
      throw new Error("a chunk is longer")
    at = from + length + 2
  }
}
