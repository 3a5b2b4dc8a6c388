import { expect, test } from "vitest"
import type { Target } from "#proxy/exchange/target.ts"
import type { LinkedRule } from "#proxy/route/linked-route.ts"
import { makeBackend, makeRule, makeRuntime } from "#proxy/runtime/samples.test-data.ts"
import { type AttemptFailure, refuseAfter } from "./attempt-failure.ts"
import { Retries } from "./retries.ts"

const NOW = 1_000_000
const BACKOFF_MS = 100

/** A rule with these providers, one priority each, as it is linked. */
function ruleOf(...providers: readonly string[]): LinkedRule {
  const backends = providers.map((name, priority) => makeBackend(name, { priority }))
  const retry = { ...makeRule().retry, attempts: 9 }
  const runtime = makeRuntime({
    routes: [{ name: "search/chat", rules: [makeRule({ backends, retry })] }],
  })
  const rule = runtime.models.exact.get("smart")?.route.rules[0]
  if (rule === undefined) throw new Error("the sample has no rule")
  return rule
}

function failed(target: Target, more: Partial<AttemptFailure> = {}): AttemptFailure {
  return { kind: "broken", target, status: null, detail: "", retryAfterSeconds: null, ...more }
}

function firstOf(retries: Retries): Target {
  const target = retries.first(NOW, 0)
  if (target === null) throw new Error("no target takes traffic")
  return target
}

test("the pause before each further round is twice the one before", () => {
  const retries = new Retries(ruleOf("one"), 0, BACKOFF_MS)
  const target = firstOf(retries)
  const pauses = [1, 2, 3].map(() => retries.after(failed(target), NOW, () => 0.5)?.delayMs)
  expect(pauses).toEqual([BACKOFF_MS, 2 * BACKOFF_MS, 4 * BACKOFF_MS])
})

test("a target that cannot be told the request is not asked in a later round either", () => {
  const retries = new Retries(ruleOf("one", "two"), 0, BACKOFF_MS)
  const two = retries.skip(firstOf(retries), 0)
  if (two === null) throw new Error("the second target is left")
  expect(retries.after(failed(two), NOW, () => 0)?.target).toBe(two)
})

test.each([
  { name: "a first attempt that succeeds gives nothing back", retried: 0, given: 0 },
  { name: "a retry that helped gives its unit back, once", retried: 1, given: 1 },
])("$name", ({ retried, given }) => {
  let units = 0
  const retryBudget = { onRequest() {}, tryTake: () => true, giveBack: () => void units++ }
  const retries = new Retries({ ...ruleOf("one", "two"), retryBudget }, 0, BACKOFF_MS)
  const target = firstOf(retries)
  for (let round = 0; round < retried; round++) retries.after(failed(target), NOW, () => 0)
  retries.succeed(NOW)
  retries.succeed(NOW)
  expect(units).toBe(given)
})

test.each([
  { name: "the least of what all said", waits: [5, 3], want: 3 },
  { name: "nothing where one said nothing: sooner may do", waits: [5, null], want: null },
])("the client is told to wait for $name", ({ waits, want }) => {
  const [target] = ruleOf("one").targets
  if (target === undefined) throw new Error("the rule has a target")
  const failures = waits.map((retryAfterSeconds) =>
    failed(target, { kind: "server-error", retryAfterSeconds }),
  )
  expect(refuseAfter(failures).retryAfterSeconds).toBe(want)
})
