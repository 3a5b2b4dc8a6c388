import { expect, test } from "vitest"
import { createLog, FIELD_CHARACTERS_MAX, type LogFields } from "./log.ts"
import { createMetrics } from "./metrics.ts"
import { createOpsServer } from "./ops-server.ts"

function logged(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = []
  write(createLog("debug", { write: (line) => void lines.push(JSON.parse(line)) }))
  return lines
}

test("a line has its level, its time and the fields it was given", () => {
  const [line] = logged((log) =>
    log.warn("a status was not written", { object: "AIRoute a/b", count: 2 }),
  )
  expect(line).toEqual({
    level: "warn",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    program: "sidegate-operator",
    msg: "a status was not written",
    object: "AIRoute a/b",
    count: 2,
  })
})

test("a field that is not on the list is not written, however it came in", () => {
  const spread: LogFields = { ...{ token: "canary", data: { key: "canary" } }, reason: "ok" }
  const [line] = logged((log) => log.info("x", spread))
  expect(line).toMatchObject({ reason: "ok" })
  expect(JSON.stringify(line)).not.toContain("canary")
})

test("long text is cut", () => {
  const [line] = logged((log) => log.info("x", { reason: "y".repeat(5000) }))
  expect(String(line?.["reason"])).toHaveLength(FIELD_CHARACTERS_MAX + 1)
})

test("lines below the level are not written", () => {
  const lines: string[] = []
  const log = createLog("warn", { write: (line) => void lines.push(line) })
  log.debug("a")
  log.info("b")
  log.error("c")
  expect(lines).toHaveLength(1)
})

test("the second port answers probes and metrics, and nothing else", async () => {
  const metrics = createMetrics()
  metrics.authRejected.inc({ reason: "missing" })
  let missing: string | null = "waiting for AIRoute"
  const server = createOpsServer({ registry: metrics.registry, notReady: () => missing })
  const port = await server.listen(0, "127.0.0.1")
  const get = async (path: string, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
    return [response.status, await response.text()] as const
  }
  expect(await get("/healthz")).toEqual([200, "ok\n"])
  expect(await get("/readyz")).toEqual([503, "waiting for AIRoute\n"])
  missing = null
  expect(await get("/readyz")).toEqual([200, "ok\n"])
  expect((await get("/metrics"))[1]).toContain('sidegate_auth_rejected_total{reason="missing"} 1')
  expect((await get("/debug"))[0]).toBe(404)
  expect((await get("/metrics?x=1"))[0]).toBe(404)
  expect((await get("/metrics", "POST"))[0]).toBe(405)
  await server.close()
})
