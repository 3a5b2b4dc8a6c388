import { createSocket, type Socket } from "node:dgram"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { createResolve, type Resolve } from "./resolve.ts"

let directory = ""
let server: Socket
let asked: string[] = []
let clock = 0
/**
 * Address records by name; a name that is not here does not exist, `silent` names get no answer.
 */
let zone: Readonly<Record<string, string | "silent">> = {}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "sidegate-dns-"))
  asked = []
  clock = 0
  server = createSocket("udp4").on("message", (query, from) => {
    const { name, type } = readQuestion(query)
    asked.push(`${type === 1 ? "A" : "AAAA"} ${name}`)
    if (zone[name] === "silent") return
    server.send(
      answer(query, type === 1 ? zone[name] : undefined, zone[name] !== undefined),
      from.port,
    )
  })
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve))
})
afterEach(() => {
  server.close()
  rmSync(directory, { recursive: true })
})

interface Settings {
  readonly hosts?: string
  readonly resolvConf?: string
  readonly timeoutMs?: number
}

function makeResolve({ hosts = "", resolvConf = "", timeoutMs = 15_000 }: Settings = {}): Resolve {
  writeFileSync(join(directory, "hosts"), hosts)
  writeFileSync(join(directory, "resolv.conf"), resolvConf)
  return createResolve({
    timeoutMs,
    monotonic: () => clock,
    servers: [`127.0.0.1:${server.address().port}`],
    hostsFile: join(directory, "hosts"),
    resolvConf: join(directory, "resolv.conf"),
  })
}

function readQuestion(query: Buffer): { readonly name: string; readonly type: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join("."), type: query.readUInt16BE(at + 1) }
}

function answer(query: Buffer, address: string | undefined, exists: boolean): Buffer {
  const head = Buffer.from(query.subarray(0, 12))
  head.writeUInt16BE(exists ? 0x8180 : 0x8183, 2)
  head.writeUInt16BE(address === undefined ? 0 : 1, 6)
  head.writeUInt16BE(0, 10)
  const question = query.subarray(12, query.indexOf(0, 12) + 5)
  if (address === undefined) return Buffer.concat([head, question])
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4])
  return Buffer.concat([head, question, record, Buffer.from(address.split(".").map(Number))])
}

describe("a name", () => {
  test("of the hosts file needs no server", async () => {
    const resolve = makeResolve({ hosts: "# comment\n192.168.7.7 ollama Ollama.local # mine\n" })
    expect(await resolve("OLLAMA.local")).toEqual(["192.168.7.7"])
    expect(asked).toEqual([])
  })

  test("localhost is loopback even without a hosts file", async () => {
    expect(await makeResolve()("localhost")).toEqual(["127.0.0.1", "::1"])
  })

  test("with few dots is looked for below the search domains first, as in a pod", async () => {
    zone = { "vllm.models.svc.cluster.local": "10.1.2.3" }
    const resolve = makeResolve({
      resolvConf:
        "search team.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n",
    })
    expect(await resolve("vllm.models")).toEqual(["10.1.2.3"])
    expect(asked.filter((one) => one.startsWith("A "))).toEqual([
      "A vllm.models.team.svc.cluster.local",
      "A vllm.models.svc.cluster.local",
    ])
  })

  test("with enough dots is asked for as it is, and a final dot allows nothing else", async () => {
    zone = { "api.openai.com": "1.2.3.4" }
    const resolvConf = "search cluster.local\noptions ndots:2\n"
    expect(await makeResolve({ resolvConf })("api.openai.com")).toEqual(["1.2.3.4"])
    await expect(makeResolve({ resolvConf })("gone.example.")).rejects.toThrow(/ENOTFOUND/)
    expect(asked.some((name) => name.includes("cluster.local"))).toBe(false)
  })

  test("that does not exist is an error that says so, kept for two seconds", async () => {
    zone = {}
    const resolve = makeResolve()
    await expect(resolve("gone.example")).rejects.toMatchObject({ code: "ENOTFOUND" })
    const before = asked.length
    await expect(resolve("gone.example")).rejects.toThrow("gone.example does not resolve")
    expect(asked).toHaveLength(before)
    clock += 2_001
    zone = { "gone.example": "1.2.3.4" }
    expect(await resolve("gone.example")).toEqual(["1.2.3.4"])
  })

  test("whose server is silent fails in time, and holds up no other name", async () => {
    zone = { "slow.example": "silent", "fast.example": "1.2.3.4" }
    const resolve = makeResolve({ timeoutMs: 2000 })
    let isSlowOver = false
    const slow = resolve("slow.example").finally(() => {
      isSlowOver = true
    })
    expect(await resolve("fast.example")).toEqual(["1.2.3.4"])
    expect(isSlowOver).toBe(false)
    await expect(slow).rejects.toMatchObject({ code: "ETIMEOUT" })
  })

  test("asked for by many at once is asked of the server once", async () => {
    zone = { "api.openai.com": "1.2.3.4" }
    const resolve = makeResolve()
    await Promise.all(Array.from({ length: 20 }, () => resolve("api.openai.com")))
    expect(asked.sort()).toEqual(["A api.openai.com", "AAAA api.openai.com"])
  })
})
