import { expect, test } from "vitest"
import type { ExchangeRecord } from "#proxy/exchange/exchange-record.ts"
import { createLog, type LogLevel } from "./log.ts"

const CANARY = "sk-canary-5f0c1d"

const RECORD: ExchangeRecord = {
  id: "req-1",
  surface: "openai-chat",
  operation: "chat",
  modelLabel: "smart",
  team: "search",
  application: "api",
  route: "search/chat",
  rule: "gold",
  provider: "openai",
  servedModel: "gpt-4o",
  configVersion: "3.17",
  isStream: true,
  status: 200,
  refusal: null,
  attempts: [
    { provider: "azure", model: "gpt-4o", outcome: "timeout", status: null, durationMs: 10 },
    { provider: "openai", model: "gpt-4o", outcome: "ok", status: 200, durationMs: 30 },
  ],
  usage: { inputTokens: 5, cachedInputTokens: 1, outputTokens: 70 },
  cost: 1_500_000,
  receivedAt: 1_800_000_000_000,
  durationMs: 42.123456,
  firstByteMs: 12,
  overheadMs: 0.2,
  isEstimated: false,
  isClientGone: false,
}

function collect(level: LogLevel): { lines: () => Record<string, unknown>[]; raw: string[] } & {
  log: ReturnType<typeof createLog>
} {
  const raw: string[] = []
  const log = createLog({ level, fd: 1, write: (line) => raw.push(line) })
  return { raw, log, lines: () => raw.map((line) => JSON.parse(line)) }
}

test("an exchange is one line of known fields", () => {
  const { log, lines } = collect("info")
  log.exchange(RECORD)
  const [{ time, ...line } = {}, ...more] = lines()
  expect(more).toEqual([])
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT/)
  expect(line).toEqual({
    level: "info",
    program: "sidegate-proxy",
    msg: "exchange",
    id: "req-1",
    surface: "openai-chat",
    status: 200,
    team: "search",
    application: "api",
    route: "search/chat",
    rule: "gold",
    model: "smart",
    provider: "openai",
    stream: true,
    config: "3.17",
    attempts: 2,
    outcomes: "azure:timeout:- openai:ok:200",
    inputTokens: 5,
    cachedInputTokens: 1,
    outputTokens: 70,
    costNanoUsd: 1_500_000,
    durationMs: 42.12,
    firstByteMs: 12,
    overheadMs: 0.2,
  })
})

test("a failed attempt is told with its provider, also when it was the only one", () => {
  const { log, lines } = collect("info")
  const [failed, good] = RECORD.attempts
  const outcomes = [failed, good].flatMap((attempt) => (attempt === undefined ? [] : [[attempt]]))
  for (const attempts of outcomes) log.exchange({ ...RECORD, attempts })
  expect(lines().map((line) => line["outcomes"])).toEqual(["azure:timeout:-", undefined])
})

test("parts of usage are in the line when the provider told them, and absent else", () => {
  const { log, lines } = collect("info")
  const usage = {
    inputTokens: 9,
    cachedInputTokens: 1,
    cacheWriteTokens: 2,
    inputAudioTokens: 3,
    outputTokens: 8,
    reasoningTokens: 4,
  }
  log.exchange({ ...RECORD, usage })
  log.exchange(RECORD)
  const counts = lines().map((line) =>
    Object.fromEntries(Object.entries(line).filter(([name]) => name.endsWith("Tokens"))),
  )
  expect(counts).toEqual([usage, RECORD.usage])
})

test("nothing that is not on the list gets into a line", () => {
  const { log, raw } = collect("debug")
  const more = { authorization: CANARY, headers: { authorization: CANARY }, prompt: CANARY }
  log.exchange({ ...RECORD, ...more })
  for (const write of [log.debug, log.info, log.warn, log.error]) {
    write("something happened", { reason: "because", ...more })
  }
  expect(raw).toHaveLength(5)
  expect(raw.join("")).not.toContain(CANARY)
})

test("control characters stay inside their JSON string, and long text is cut", () => {
  const { log, raw, lines } = collect("info")
  log.info("a\nb", { reason: `\u001b[31m\r\n${"x".repeat(5000)}` })
  expect(raw).toHaveLength(1)
  const line = raw[0]?.trimEnd() ?? ""
  expect(["\n", "\r", "\u001b"].filter((character) => line.includes(character))).toEqual([])
  expect(String(lines()[0]?.["reason"]).length).toBeLessThanOrEqual(1025)
})

test.each([
  ["debug", 4],
  ["info", 3],
  ["warn", 2],
  ["error", 1],
  ["silent", 0],
] as const)("level %s writes %i of the four kinds", (level, count) => {
  const { log, raw } = collect(level)
  log.debug("d")
  log.exchange(RECORD)
  log.warn("w")
  log.error("e")
  expect(raw).toHaveLength(count)
})
