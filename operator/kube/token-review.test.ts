import { expect, test } from "vitest"
import { judgeReview } from "./token-review.ts"

const POD_NAME = "authentication.kubernetes.io/pod-name"
const POD_UID = "authentication.kubernetes.io/pod-uid"
const BOUND = { [POD_NAME]: ["api-0"], [POD_UID]: ["uid-1"] }

const review = (status: object): object => ({ kind: "TokenReview", status })
const valid = (changes: { readonly audiences?: unknown; readonly user?: object }): object =>
  review({
    authenticated: true,
    audiences: changes.audiences ?? ["sidegate"],
    user: { username: "system:serviceaccount:search:default", extra: BOUND, ...changes.user },
  })

test("a token bound to a pod names namespace, service account and pod", () => {
  expect(judgeReview(valid({}), "sidegate")).toEqual({
    kind: "accepted",
    facts: { namespace: "search", serviceAccount: "default", pod: "api-0", podUid: "uid-1" },
  })
})

const refusals = [
  { name: "an answer without a status", answer: {}, want: "unauthenticated" },
  {
    name: "authenticated that is text",
    answer: review({ authenticated: "true" }),
    want: "unauthenticated",
  },
  { name: "an expired token", answer: review({ authenticated: false }), want: "unauthenticated" },
  {
    name: "another audience",
    answer: valid({ audiences: ["https://kubernetes.default.svc"] }),
    want: "wrong-audience",
  },
  { name: "no audiences at all", answer: valid({ audiences: [] }), want: "wrong-audience" },
  {
    name: "a person",
    answer: valid({ user: { username: "jane" } }),
    want: "not-a-service-account",
  },
  {
    name: "a node",
    answer: valid({ user: { username: "system:node:worker-1" } }),
    want: "not-a-service-account",
  },
  { name: "a token without a pod", answer: valid({ user: { extra: {} } }), want: "unbound" },
  {
    name: "two pods in one token",
    answer: valid({ user: { extra: { ...BOUND, [POD_UID]: ["uid-1", "uid-2"] } } }),
    want: "unbound",
  },
] as const

test.each(refusals)("$name is refused", ({ answer, want }) => {
  expect(judgeReview(answer, "sidegate")).toEqual({ kind: "refused", reason: want })
})
