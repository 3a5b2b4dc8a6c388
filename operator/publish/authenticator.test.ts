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
  type TokenVerdict,
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
  isFinished: false,
  isTerminating: false,
  isRunning: true,
  isSkipped: false,
}
const IDENTITY = {
  namespace: "search",
  pod: "api-0",
  podUid: "uid-1",
  application: "api",
  labels: { app: "api" },
}

function accepted(changes: Readonly<Record<string, string>> = {}): TokenVerdict {
  const facts = { namespace: "search", pod: "api-0", podUid: "uid-1", ...changes }
  return { kind: "accepted", facts }
}
const UNAUTHENTICATED: TokenVerdict = { kind: "refused", reason: "unauthenticated" }

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
  const { review = async () => accepted(), ...rest } = changes
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

const tokens: readonly { name: string; verdict: TokenVerdict; reason: string }[] = [
  { name: "that nobody vouches for", verdict: UNAUTHENTICATED, reason: "unauthenticated" },
  {
    name: "for another audience",
    verdict: { kind: "refused", reason: "wrong-audience" },
    reason: "wrong-audience",
  },
  { name: "bound to no pod", verdict: { kind: "refused", reason: "unbound" }, reason: "unbound" },
  {
    name: "of a person",
    verdict: { kind: "refused", reason: "not-a-service-account" },
    reason: "not-a-service-account",
  },
  {
    name: "of another namespace than its pod",
    verdict: accepted({ namespace: "billing" }),
    reason: "pod-mismatch",
  },
  {
    name: "of another pod name than its uid",
    verdict: accepted({ pod: "api-1" }),
    reason: "pod-mismatch",
  },
  {
    name: "of a pod that the watch does not know",
    verdict: accepted({ podUid: "uid-2" }),
    reason: "pod-unknown",
  },
]

test.each(tokens)("refuses a token $name: $reason", async ({ verdict, reason }) => {
  const { authenticate } = makeHarness({ review: async () => verdict })
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
  const { authenticate } = makeHarness({
    pod: () => facts,
    review: async () => accepted({ namespace: facts.namespace }),
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
  const harness = makeHarness({ review: async () => (isValid ? accepted() : UNAUTHENTICATED) })
  expect(await harness.authenticate(bearer(token))).toMatchObject({ untilMs: NOW + 120_000 })
  isValid = false
  harness.now = NOW + 119_999
  expect(await harness.authenticate(bearer(token))).toMatchObject({ kind: "pod" })
  harness.now = NOW + 120_000
  expect(await harness.authenticate(bearer(token))).toEqual({
    kind: "rejected",
    reason: "unauthenticated",
  })
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
  const harness = makeHarness({ review: async () => UNAUTHENTICATED })
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
  const gate = Promise.withResolvers<TokenVerdict>()
  const { authenticate, reviewed } = makeHarness({ review: () => gate.promise })
  const callers = [1, 2, 3].map(() => authenticate(bearer()))
  gate.resolve(accepted())
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
      return accepted()
    },
  })
  expect(await authenticate(bearer())).toEqual({ kind: "unavailable", reason: "review-failed" })
  fails = false
  expect(await authenticate(bearer())).toMatchObject({ kind: "pod" })
})

test("questions to the API server are bounded, and known tokens pass meanwhile", async () => {
  const gate = Promise.withResolvers<TokenVerdict>()
  let isSlow = false
  const { authenticate, reviewed } = makeHarness({
    review: async () => (isSlow ? gate.promise : accepted()),
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
  gate.resolve(accepted())
  expect(new Set((await Promise.all(waiting)).map((result) => Object(result).kind))).toEqual(
    new Set(["pod"]),
  )
})
