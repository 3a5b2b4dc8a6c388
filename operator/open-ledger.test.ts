import { expect, test } from "vitest"
import { LedgerError } from "#operator/ledger/store/store.ts"
import { createLog } from "#operator/telemetry/log.ts"
import { onceWritable } from "./open-ledger.ts"

const log = createLog("error", { write: () => undefined })
const full = () => new LedgerError("unwritable", "the ledger x cannot be written: disk full")

test("a ledger that cannot be written is tried again, and says why meanwhile", async () => {
  const said: string[] = []
  let left = 3
  const attempt = async () => {
    if (left-- > 0) throw full()
    return "open"
  }
  const { signal } = new AbortController()
  const patience = { log, closing: signal, retryMs: 1, onWaiting: (why: string) => said.push(why) }
  expect(await onceWritable(attempt, patience)).toBe("open")
  expect(said).toEqual(Array(3).fill("the ledger x cannot be written: disk full"))
})

test.each(["corrupt", "incompatible", "stale_term"] as const)(
  "%s is not waited for",
  async (code) => {
    const attempt = () => Promise.reject(new LedgerError(code, "for people"))
    const { signal } = new AbortController()
    await expect(onceWritable(attempt, { log, closing: signal })).rejects.toMatchObject({ code })
  },
)

test("closed while it waits, it ends without an answer", async () => {
  const closing = new AbortController()
  const attempt = () => Promise.reject(full())
  const onWaiting = () => closing.abort()
  expect(await onceWritable(attempt, { log, closing: closing.signal, onWaiting })).toBeNull()
})
