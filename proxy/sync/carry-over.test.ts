import { expect, test } from "vitest"
import type { BearerCredential, CredentialsPush } from "#proxy/contract/push.ts"
import { carryOver } from "./carry-over.ts"

const token = (provider: string, value: string): BearerCredential => {
  return { kind: "bearer", provider, origin: "https://a.example", value, expiresAt: 5 }
}
const push = (more: Partial<CredentialsPush>): CredentialsPush => {
  return { revision: "r", entries: [], temporary: [], pending: [], ...more }
}
const held = push({ temporary: [token("vertex", "old"), token("azure", "old")] })

const cases = [
  { name: "what is not in a complete list leaves", held, next: push({}), want: [] },
  {
    name: "what is pending stays, and nothing else",
    held,
    next: push({ pending: ["vertex"] }),
    want: [token("vertex", "old")],
  },
  {
    name: "what has come replaces what was held",
    held,
    next: push({ temporary: [token("vertex", "new")], pending: ["azure"] }),
    want: [token("vertex", "new"), token("azure", "old")],
  },
  { name: "with nothing held nothing stays", held: null, next: push({ pending: ["x"] }), want: [] },
]
test.each(cases)("$name", ({ held: before, next, want }) => {
  expect(carryOver(before, next)).toEqual({ ...next, temporary: want })
})
