import { connect } from "node:net"
import { afterEach, expect, test } from "vitest"
import { type OpsOptions, openOpsSurface } from "./ops-surface.ts"

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function start(more: Partial<OpsOptions> = {}): Promise<number> {
  const surface = await openOpsSurface({
    addresses: [{ host: "127.0.0.1", port: 0 }],
    notStarted: () => null,
    notReady: () => null,
    metrics: async () => ({ contentType: "text/plain; version=0.0.4", text: "up 1\n" }),
    ...more,
  })
  closing.push(() => surface.close())
  return surface.addresses[0]?.port ?? 0
}

/** Status, content type and body of one request as it is, its connection closed by the server. */
function ask(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ""
    const socket = connect(port, "127.0.0.1", () => socket.write(request))
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1")
    })
    socket.on("error", reject)
    socket.on("close", () => {
      const [head = "", body = ""] = text.split("\r\n\r\n")
      const type = /content-type: (.*)/i.exec(head)?.[1]?.replace("; ", ";") ?? "-"
      resolve(`${head.slice(9, 12)} ${type} ${body}`)
    })
  })
}

const line = (target: string, method = "GET"): string =>
  `${method} ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`

const cases = [
  ["/healthz", "200 text/plain;charset=UTF-8 ok\n"],
  ["/startupz", "200 text/plain;charset=UTF-8 ok\n"],
  ["/readyz", "200 text/plain;charset=UTF-8 ok\n"],
  ["/metrics", "200 text/plain;version=0.0.4 up 1\n"],
  ["/debug", "404 text/plain;charset=UTF-8 not found\n"],
  ["/a/../healthz", "404 text/plain endpoint_not_enabled: there is no such page here\n"],
  ["/%68ealthz", "404 text/plain endpoint_not_enabled: there is no such page here\n"],
  ["//healthz", "404 text/plain endpoint_not_enabled: there is no such page here\n"],
] as const
test.each(cases)("GET %s", async (target, want) => {
  expect(await ask(await start(), line(target))).toBe(want)
})

test.each(["POST", "PUT", "DELETE", "OPTIONS"])("%s changes nothing", async (method) => {
  const got = await ask(await start(), line("/healthz", method))
  expect(got).toBe("405 text/plain method_not_allowed: only GET is taken here\n")
})

test("a foreign authority is refused before anything is routed", async () => {
  const port = await start()
  expect(await ask(port, line("http://evil/healthz"))).toMatch(/^400 text\/plain absolute_form/)
  const two = "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n"
  expect(await ask(port, two)).toMatch(/^400 text\/plain bad_host/)
})

test("a start that is held is no lack of life", async () => {
  const port = await start({ notStarted: () => "config_not_ready" })
  expect(await ask(port, line("/startupz"))).toBe("503 text/plain;charset=UTF-8 config_not_ready\n")
  expect(await ask(port, line("/healthz"))).toMatch(/^200 /)
})

test("what is missing for readiness is said", async () => {
  const port = await start({ notReady: () => "config_not_ready" })
  expect(await ask(port, line("/readyz"))).toBe("503 text/plain;charset=UTF-8 config_not_ready\n")
  expect(await ask(port, line("/healthz"))).toMatch(/^200 /)
})
