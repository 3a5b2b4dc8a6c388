import { expect, test } from "vitest"
import type { PodFacts } from "#operator/index/view.ts"
import {
  ACCEPTED_FOR_MS,
  type AuthenticatorOptions,
  createAuthenticator,
  EXPIRY_LEEWAY_MS,
  REFUSED_FOR_MS,
  REVIEWS_MAX,
  TOKEN_LENGTH_MAX,
  type TokenFacts,
} from "./authenticator.ts"

const NOW = 1_800_000_000_000
const EXPIRES = NOW + 3_600_000

const POD: PodFacts = {
  namespace: "search",
  pod: "api-0",
  podUid: "uid-1",
  application: "api",
  labels: { app: "api" },
  hasSidecar: true,
  isTerminating: false,
}
const IDENTITY = {
  namespace: "search",
  pod: "api-0",
  podUid: "uid-1",
  application: "api",
  labels: { app: "api" },
}

function makeFacts(changes: Partial<TokenFacts> = {}): TokenFacts {
  return {
    authenticated: true,
    audiences: ["sidegate"],
    username: "system:serviceaccount:search:default",
    extra: {
      "authentication.kubernetes.io/pod-name": ["api-0"],
      "authentication.kubernetes.io/pod-uid": ["uid-1"],
    },
    ...changes,
  }
}

function makeToken(mark = "x", exp: unknown = EXPIRES / 1000): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
  return `${part({ alg: "RS256" })}.${part({ exp, mark })}.${part("signature")}`
}
const bearer = (token: string = makeToken()): string => `Bearer ${token}`

interface Harness {
  readonly authenticate: (
    authorization: string | undefined,
    mayTerminate?: boolean,
  ) => Promise<unknown>
  readonly reviewed: string[]
  now: number
}

function makeHarness(changes: Partial<AuthenticatorOptions> = {}): Harness {
  const harness = { reviewed: [] as string[], now: NOW }
  const { review = async () => makeFacts(), ...rest } = changes
  const authenticator = createAuthenticator({
    pod: (uid) => (uid === "uid-1" ? POD : undefined),
    namespaceIsInjected: (namespace) => namespace === "search",
    now: () => harness.now,
    digest: (text) => `hash of ${text}`,
    review: (token) => {
      harness.reviewed.push(token)
      return review(token)
    },
    ...rest,
  })
  return Object.assign(harness, {
    authenticate: (authorization: string | undefined, mayTerminate = false) =>
      authenticator.authenticate(authorization, { mayTerminate }),
  })
}

test("a token bound to an injected pod gives the pod as the watch shows it", async () => {
  const { authenticate } = makeHarness()
  expect(await authenticate(bearer())).toEqual({
    kind: "pod",
    identity: IDENTITY,
    untilMs: EXPIRES,
  })
})

const headers = [
  { name: "no header", header: undefined, reason: "missing" },
  { name: "an empty header", header: "", reason: "malformed" },
  { name: "another scheme", header: `Basic ${makeToken()}`, reason: "malformed" },
  { name: "no token", header: "Bearer ", reason: "malformed" },
  { name: "two parts", header: "Bearer a.b", reason: "malformed" },
  { name: "four parts", header: "Bearer a.b.c.d", reason: "malformed" },
  { name: "a space inside", header: `${bearer()} x`, reason: "malformed" },
  { name: "a line end inside", header: `${bearer()}\r\nx: y`, reason: "malformed" },
  {
    name: "a token too long",
    header: `Bearer a.${"b".repeat(TOKEN_LENGTH_MAX)}.c`,
    reason: "malformed",
  },
] as const

test.each(headers)("refuses $name without asking the API server", async ({ header, reason }) => {
  const { authenticate, reviewed } = makeHarness()
  expect(await authenticate(header)).toEqual({ kind: "rejected", reason })
  expect(reviewed).toEqual([])
})

const POD_NAME = "authentication.kubernetes.io/pod-name"
const POD_UID = "authentication.kubernetes.io/pod-uid"
const tokens: readonly { name: string; facts: Partial<TokenFacts>; reason: string }[] = [
  { name: "not vouched for", facts: { authenticated: false }, reason: "invalid" },
  {
    name: "for another audience",
    facts: { audiences: ["https://kubernetes"] },
    reason: "audience",
  },
  { name: "for no audience", facts: { audiences: [] }, reason: "audience" },
  { name: "bound to nothing", facts: { extra: {} }, reason: "unbound" },
  {
    name: "bound to a pod without uid",
    facts: { extra: { [POD_NAME]: ["api-0"] } },
    reason: "unbound",
  },
  {
    name: "bound to a uid without pod",
    facts: { extra: { [POD_UID]: ["uid-1"] } },
    reason: "unbound",
  },
  { name: "of a user", facts: { username: "alice" }, reason: "unbound" },
  { name: "of a node", facts: { username: "system:node:n1" }, reason: "unbound" },
  {
    name: "of a name with more parts",
    facts: { username: "system:serviceaccount:search:a:b" },
    reason: "unbound",
  },
  {
    name: "of another namespace than its pod",
    facts: { username: "system:serviceaccount:billing:default" },
    reason: "pod-mismatch",
  },
  {
    name: "of another pod name than its uid",
    facts: { extra: { [POD_NAME]: ["api-1"], [POD_UID]: ["uid-1"] } },
    reason: "pod-mismatch",
  },
  {
    name: "of a pod that the watch does not know",
    facts: { extra: { [POD_NAME]: ["api-0"], [POD_UID]: ["uid-2"] } },
    reason: "pod-unknown",
  },
]

test.each(tokens)("refuses a token $name: $reason", async ({ facts, reason }) => {
  const { authenticate } = makeHarness({ review: async () => makeFacts(facts) })
  expect(await authenticate(bearer())).toEqual({ kind: "rejected", reason })
})

const pods = [
  { name: "without the sidecar container", pod: { hasSidecar: false }, reason: "no-sidecar" },
  { name: "that is shutting down", pod: { isTerminating: true }, reason: "pod-terminating" },
  {
    name: "in a namespace that is not injected",
    pod: { namespace: "billing" },
    reason: "namespace-not-injected",
  },
] as const

test.each(pods)("refuses the token of a pod $name", async ({ pod, reason }) => {
  const facts = { ...POD, ...pod }
  const username = `system:serviceaccount:${facts.namespace}:default`
  const { authenticate } = makeHarness({
    pod: () => facts,
    review: async () => makeFacts({ username }),
  })
  expect(await authenticate(bearer())).toEqual({ kind: "rejected", reason })
})

test("a pod that is shutting down may do what is allowed to such a pod", async () => {
  const { authenticate } = makeHarness({ pod: () => ({ ...POD, isTerminating: true }) })
  expect(await authenticate(bearer(), true)).toMatchObject({ kind: "pod" })
})

test("a token is asked about once until ten minutes have passed", async () => {
  const harness = makeHarness()
  await harness.authenticate(bearer())
  harness.now = NOW + ACCEPTED_FOR_MS - 1
  await harness.authenticate(bearer())
  expect(harness.reviewed).toHaveLength(1)
  harness.now = NOW + ACCEPTED_FOR_MS
  await harness.authenticate(bearer())
  expect(harness.reviewed).toHaveLength(2)
})

test("a token is asked about again once it has expired", async () => {
  const token = makeToken("x", (NOW + 120_000) / 1000)
  let isValid = true
  const harness = makeHarness({ review: async () => makeFacts({ authenticated: isValid }) })
  expect(await harness.authenticate(bearer(token))).toMatchObject({ untilMs: NOW + 120_000 })
  isValid = false
  harness.now = NOW + 119_999
  expect(await harness.authenticate(bearer(token))).toMatchObject({ kind: "pod" })
  harness.now = NOW + 120_000
  expect(await harness.authenticate(bearer(token))).toEqual({ kind: "rejected", reason: "invalid" })
})

const expiries = [
  { name: "an expiry in the past that the API server still accepts", exp: 1000 },
  { name: "no readable expiry", exp: "soon" },
] as const

test.each(expiries)("$name is trusted for a minute only", async ({ exp }) => {
  const harness = makeHarness()
  const result = await harness.authenticate(bearer(makeToken("x", exp)))
  expect(result).toMatchObject({ kind: "pod", untilMs: NOW + EXPIRY_LEEWAY_MS })
})

test("a refused token is asked about again after ten seconds, not before", async () => {
  const harness = makeHarness({ review: async () => makeFacts({ authenticated: false }) })
  await harness.authenticate(bearer())
  harness.now = NOW + REFUSED_FOR_MS - 1
  await harness.authenticate(bearer())
  expect(harness.reviewed).toHaveLength(1)
  harness.now = NOW + REFUSED_FOR_MS
  await harness.authenticate(bearer())
  expect(harness.reviewed).toHaveLength(2)
})

test("a pod that goes is refused at once, whatever was said of its token", async () => {
  let pod: PodFacts | undefined = POD
  const { authenticate, reviewed } = makeHarness({ pod: () => pod })
  expect(await authenticate(bearer())).toMatchObject({ kind: "pod" })
  pod = undefined
  expect(await authenticate(bearer())).toEqual({ kind: "rejected", reason: "pod-unknown" })
  pod = { ...POD, labels: { app: "other" } }
  expect(await authenticate(bearer())).toMatchObject({
    identity: { ...IDENTITY, labels: { app: "other" } },
  })
  expect(reviewed).toHaveLength(1)
})

test("callers with one token wait for one question", async () => {
  const gate = Promise.withResolvers<TokenFacts>()
  const { authenticate, reviewed } = makeHarness({ review: () => gate.promise })
  const callers = [1, 2, 3].map(() => authenticate(bearer()))
  gate.resolve(makeFacts())
  expect((await Promise.all(callers)).map((result) => Object(result).kind)).toEqual([
    "pod",
    "pod",
    "pod",
  ])
  expect(reviewed).toHaveLength(1)
})

test("an API server that does not answer is no verdict, and is not remembered", async () => {
  let fails = true
  const { authenticate } = makeHarness({
    review: async () => {
      if (fails) throw new Error("connection refused")
      return makeFacts()
    },
  })
  expect(await authenticate(bearer())).toEqual({ kind: "unavailable", reason: "review-failed" })
  fails = false
  expect(await authenticate(bearer())).toMatchObject({ kind: "pod" })
})

test("questions to the API server are bounded, and known tokens pass meanwhile", async () => {
  const gate = Promise.withResolvers<TokenFacts>()
  let isSlow = false
  const { authenticate, reviewed } = makeHarness({
    review: async () => (isSlow ? gate.promise : makeFacts()),
  })
  await authenticate(bearer(makeToken("known")))
  isSlow = true
  const waiting = Array.from({ length: REVIEWS_MAX }, (_, index) =>
    authenticate(bearer(makeToken(`slow-${index}`))),
  )
  expect(await authenticate(bearer(makeToken("one too many")))).toEqual({
    kind: "unavailable",
    reason: "review-overloaded",
  })
  expect(await authenticate(bearer(makeToken("known")))).toMatchObject({ kind: "pod" })
  expect(reviewed).toHaveLength(REVIEWS_MAX + 1)
  gate.resolve(makeFacts())
  expect(new Set((await Promise.all(waiting)).map((result) => Object(result).kind))).toEqual(
    new Set(["pod"]),
  )
})
