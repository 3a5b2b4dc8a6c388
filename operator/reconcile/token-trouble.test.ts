import { expect, test } from "vitest"
import type { ObjectVerdict } from "#operator/compile/compiled.ts"
import { accepted, notResolved, resolved } from "#operator/compile/conditions.ts"
import type { TokenTrouble } from "./ports.ts"
import { withTokenTrouble } from "./token-trouble.ts"

const verdict = (kind: "AIProvider" | "ModelPolicy", isGood = true): ObjectVerdict => ({
  object: { kind, namespace: "", name: "vertex", uid: "u", generation: 1, createdAt: 0, spec: {} },
  accepted: accepted(),
  resolvedRefs: isGood ? resolved() : notResolved("SecretNotFound", "no Secret"),
})

const failed: TokenTrouble = { kind: "failed", message: "invalid_grant", expiresAt: null }
const cases = [
  { name: "a fresh token changes nothing", trouble: null, want: ["True", "ResolvedRefs", ""] },
  {
    name: "the first one is waited for",
    trouble: { kind: "pending" } as const,
    want: ["Unknown", "CredentialPending", "the first token is being obtained"],
  },
  {
    name: "a refusal is told in the cloud's words",
    trouble: failed,
    want: [
      "False",
      "CredentialRefreshFailed",
      "no new token: invalid_grant; there is none to go on with",
    ],
  },
  {
    name: "with the time that the one in use has left",
    trouble: { ...failed, expiresAt: Date.parse("2026-11-27T13:00:00Z") },
    want: [
      "False",
      "CredentialRefreshFailed",
      "no new token: invalid_grant; the one before it expires at 2026-11-27T13:00:00.000Z",
    ],
  },
]
test.each(cases)("$name", ({ trouble, want }) => {
  const [made] = withTokenTrouble([verdict("AIProvider")], () => trouble)
  const { status, reason, message } = made?.resolvedRefs ?? resolved()
  expect([status, reason, message]).toEqual(want)
})

test("a worse verdict stands, and other kinds are left alone", () => {
  const verdicts = [verdict("AIProvider", false), verdict("ModelPolicy")]
  expect(withTokenTrouble(verdicts, () => failed)).toEqual(verdicts)
})
