/** Who may speak on the operator's channel, with tokens of a real API server. */
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { ConfigEvent, HelloAnswer } from "#proxy/contract/push.ts"
import { makeRecord } from "#test/conformance/ledger-store.ts"
import {
  type ConfigStream,
  hello,
  type SidecarAddress,
  subscribe,
} from "#test/control-plane/raw-sidecar.ts"
import { mintToken, signToken, tokenClaims } from "#test/control-plane/tokens.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { type Answer, bearer, type Door, type Knock, knock } from "./knock.ts"
import { keyedBy, makeClusterObject, makeKey, makeProvider, makeRoute, onlyFor } from "./objects.ts"
import { type Pod, podObject, SERVER_NAME, startWorld, type World } from "./world.ts"

/** Five times what is promised for a pod that is deleted; the figures are printed. */
const GONE_WITHIN_MS = 75_000
const UNAUTHORIZED = {
  status: 401,
  isStream: false,
  text: '{"error":{"code":"unauthorized","message":"a pod-bound token for the audience sidegate is required"}}',
}
const FORBIDDEN = {
  status: 403,
  isStream: false,
  text: '{"error":{"code":"forbidden","message":"this pod may not use the control channel"}}',
}

interface Peer {
  readonly pod: Pod
  readonly token: string
  readonly address: SidecarAddress
  readonly greeting: HelloAnswer
  readonly stream: ConfigStream
}

let world: World
let door: Door
let alpha: Peer
let beta: Peer

beforeAll(async () => {
  world = await startWorld()
  await world.apply(
    ...["alpha", "beta"].flatMap((name) => [
      makeClusterObject("TeamQuota", name, { costCenter: `CC-${name}` }),
      makeKey(`${name}-key`, `key-of-${name}`),
      makeProvider(`${name}-llm`, world.upstream.endpoint(name), {
        ...keyedBy(`${name}-key`),
        ...onlyFor(name),
      }),
    ]),
  )
  await world.createNamespace("alpha", "alpha")
  await world.createNamespace("beta", "beta")
  await world.apply(
    makeRoute("alpha/chat", "alpha-llm", { models: ["smart"] }),
    makeRoute("beta/chat", "beta-llm", { models: ["smart"] }),
  )
  const port = Number(new URL(world.operator.url).port)
  door = { port, serverName: SERVER_NAME, ca: await world.readRoots("alpha") }
  alpha = await connect(await world.createPod("alpha", "api-0"))
  beta = await connect(await world.createPod("beta", "web-0"))
})

afterAll(async () => {
  alpha.stream.close()
  beta.stream.close()
  await world.stop()
})

/** A sidecar of the pod: greeted, with an open stream and a Snapshot that it acknowledged. */
async function connect(pod: Pod): Promise<Peer> {
  const token = await mintToken(world.client, { namespace: pod.namespace, pod })
  const address = { ...door, token }
  // The pod is in the operator's watch within moments; until then it is unknown.
  const deadline = { what: `a hello of ${pod.name}`, withinMs: 60_000, everyMs: 20 }
  const greeting = await waitUntil(deadline, () => hello(address))
  const stream = await subscribe(address, greeting.session)
  await nextSnapshot(stream)
  return { pod, token, address, greeting, stream }
}

function nextSnapshot(stream: ConfigStream) {
  return waitUntil({ what: "a Snapshot", withinMs: 60_000 }, () =>
    stream.events.find(
      (event): event is Extract<ConfigEvent, { event: "snapshot" }> => event.event === "snapshot",
    ),
  )
}

/** Everything that the channel offers, as the holder of `peer`'s session would ask for it. */
async function routesOf(peer: Peer): Promise<readonly Knock[]> {
  const { session } = peer.greeting
  const { version, hash } = (await nextSnapshot(peer.stream)).data
  const held = { ...version, hash }
  return [
    { method: "POST", path: "/v1/hello", body: helloBody() },
    { method: "POST", path: "/v1/status", body: { session, version, held, nack: null } },
    { method: "POST", path: "/v1/usage", body: { boot: "boot-1", records: [] } },
    { method: "GET", path: `/v1/config?session=${session}` },
  ]
}

/** Paths and methods that there are not: a stranger does not even learn that. */
const ELSEWHERE: readonly Knock[] = [
  { method: "GET", path: "/" },
  { method: "GET", path: "/v1/hello" },
  { method: "PUT", path: "/v1/usage", body: {} },
  { method: "OPTIONS", path: "/v1/config" },
  { method: "GET", path: "/v1/config/" },
  { method: "GET", path: "//v1/config" },
  { method: "POST", path: "/v1/grants", body: {} },
  { method: "GET", path: "/metrics" },
]

function helloBody(more: object = {}): object {
  const journal = { credentials: null, journalSequence: 0, schemaVersion: 2 }
  return { boot: "boot-2", held: null, release: "test", ...journal, ...more }
}

async function knockAll(
  routes: readonly Knock[],
  headers: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, Answer>>> {
  const answers: Record<string, Answer> = {}
  for (const route of routes) {
    const answer = await knock(door, { ...route, headers })
    answers[`${route.method} ${route.path}`] = answer
  }
  return answers
}

function everyRoute(routes: readonly Knock[], answer: Answer): Readonly<Record<string, Answer>> {
  return Object.fromEntries(routes.map(({ method, path }) => [`${method} ${path}`, answer]))
}

test("the token of a pod with a sidecar is let in on every route", async () => {
  const peer = await connect(await world.createPod("alpha", "let-in"))
  const answers = await knockAll(await routesOf(peer), bearer(peer.token))
  const statuses = Object.values(answers).map(({ status, isStream }) => ({ status, isStream }))
  expect(statuses).toEqual([
    { status: 200, isStream: false },
    { status: 200, isStream: false },
    { status: 200, isStream: false },
    { status: 200, isStream: true },
  ])
})

const seconds = (): number => Math.floor(Date.now() / 1000)

/** A pod of its own in a namespace of its own kind, and its token. */
async function tokenOf(namespace: string, object: object, name: string): Promise<string> {
  await world.apply(object)
  const uid = await world.kubectl(
    "-n",
    namespace,
    "get",
    "pod",
    name,
    "-o",
    "jsonpath={.metadata.uid}",
  )
  return mintToken(world.client, { namespace, pod: { name, uid } })
}

const refused: readonly {
  readonly name: string
  readonly headers: () => Promise<Readonly<Record<string, string>>>
  readonly answer: Answer
}[] = [
  { name: "no token", headers: async () => ({}), answer: UNAUTHORIZED },
  {
    name: "a good token where no token belongs",
    headers: async () => ({
      cookie: `token=${alpha.token}`,
      "x-forwarded-access-token": alpha.token,
      "proxy-authorization": `Bearer ${alpha.token}`,
    }),
    answer: UNAUTHORIZED,
  },
  {
    name: "a good token under another scheme",
    headers: async () => ({ authorization: `Basic ${alpha.token}` }),
    answer: UNAUTHORIZED,
  },
  {
    name: "a token of another audience",
    headers: async () => {
      const { namespace } = alpha.pod
      const audiences = ["vault"]
      return bearer(await mintToken(world.client, { namespace, pod: alpha.pod, audiences }))
    },
    answer: UNAUTHORIZED,
  },
  {
    name: "a token for the API server, as every pod has one",
    headers: async () => {
      const { namespace } = alpha.pod
      const audiences: readonly string[] = []
      return bearer(await mintToken(world.client, { namespace, pod: alpha.pod, audiences }))
    },
    answer: UNAUTHORIZED,
  },
  {
    name: "an expired token, signed with the API server's own key",
    headers: async () => {
      // The API server's leeway is one minute.
      const times = { iat: seconds() - 700, nbf: seconds() - 700, exp: seconds() - 120 }
      const claims = { ...tokenClaims(alpha.token), ...times }
      return bearer(signToken(world.controlPlane, alpha.token, claims))
    },
    answer: UNAUTHORIZED,
  },
  {
    name: "a token whose claims were changed to name a pod of another namespace",
    headers: async () => {
      const [header, , signature] = alpha.token.split(".")
      return bearer([header, beta.token.split(".")[1], signature].join("."))
    },
    answer: UNAUTHORIZED,
  },
  {
    name: "the administrator's token",
    headers: async () => bearer(world.controlPlane.adminToken),
    answer: UNAUTHORIZED,
  },
  {
    name: "a token that is bound to no pod",
    headers: async () => bearer(await mintToken(world.client, { namespace: "alpha" })),
    answer: FORBIDDEN,
  },
  {
    name: "a token of a pod in a namespace that is not injected",
    headers: async () => {
      await world.apply(
        { apiVersion: "v1", kind: "Namespace", metadata: { name: "plain" } },
        {
          apiVersion: "v1",
          kind: "ServiceAccount",
          metadata: { name: "default", namespace: "plain" },
        },
      )
      return bearer(await tokenOf("plain", podObject("plain", "api-0"), "api-0"))
    },
    answer: FORBIDDEN,
  },
  {
    name: "a token of a pod without the sidecar container",
    headers: async () => {
      const object = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "bare", namespace: "alpha" },
        spec: { containers: [{ name: "app", image: "localhost/none:1" }] },
      }
      return bearer(await tokenOf("alpha", object, "bare"))
    },
    answer: FORBIDDEN,
  },
  {
    name: "a token of a pod whose application container has the sidecar's name",
    headers: async () => {
      const object = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "posing", namespace: "alpha" },
        spec: { containers: [{ name: "sidegate-proxy", image: "localhost/none:1" }] },
      }
      return bearer(await tokenOf("alpha", object, "posing"))
    },
    answer: FORBIDDEN,
  },
]
test.each(refused)("$name is refused on every route", async ({ headers, answer }) => {
  const routes = [...(await routesOf(alpha)), ...ELSEWHERE]
  const given = await headers()
  expect(await knockAll(routes, given)).toEqual(everyRoute(routes, answer))
})

/** Every token that one namespace can show which is no sidecar's own, by how it came to be. */
async function badTokens(peer: Peer): Promise<readonly (readonly [string, string])[]> {
  const { namespace } = peer.pod
  const mint = (audiences: readonly string[]) =>
    mintToken(world.client, { namespace, pod: peer.pod, audiences })
  const times = { iat: seconds() - 700, nbf: seconds() - 700, exp: seconds() - 120 }
  const claims = { ...tokenClaims(peer.token), ...times }
  const gone = await world.createPod(namespace, "gone-for-good")
  const ofGone = await mintToken(world.client, { namespace, pod: gone })
  await world.kubectl("-n", namespace, "delete", "pod", gone.name, "--grace-period=0", "--force")
  return [
    ["other audience", await mint(["vault"])],
    ["application's ServiceAccount", await mint([])],
    ["expired", signToken(world.controlPlane, peer.token, claims)],
    ["deleted pod", ofGone],
  ]
}

test("of four namespaces, none gets in anywhere with any token but its own sidecar's", async () => {
  const others: Peer[] = []
  for (const namespace of ["gamma", "delta"]) {
    await world.createNamespace(namespace)
    others.push(await connect(await world.createPod(namespace, "api-0")))
  }
  const peers = [alpha, beta, ...others]
  const letIn: string[] = []
  let asked = 0
  const ask = async (owner: Peer, who: string, headers: Readonly<Record<string, string>>) => {
    for (const route of await routesOf(owner)) {
      const { status } = await knock(door, { ...route, headers })
      asked += 1
      if (status !== 401 && status !== 403) letIn.push(`${who}: ${route.path} ${status}`)
    }
  }
  for (const owner of peers) await ask(owner, "nobody", {})
  for (const holder of peers) {
    for (const [kind, token] of await badTokens(holder)) {
      await waitUntil({ what: `the ${kind} is refused`, withinMs: GONE_WITHIN_MS }, async () =>
        (await knock(door, { method: "POST", path: "/v1/hello", body: {}, headers: bearer(token) }))
          .status === 400
          ? undefined
          : true,
      )
      for (const owner of peers)
        await ask(owner, `${kind} of ${holder.pod.namespace}`, bearer(token))
    }
  }
  console.log(`${asked} requests with no sidecar's own token, ${letIn.length} let in`)
  expect(letIn).toEqual([])
  expect(asked).toBe(4 * 4 + 4 * 4 * 4 * 4)
  await expectOwnOnly(peers)
  for (const peer of others) peer.stream.close()
})

/** With a sidecar's own token: sessions of others are refused, and a hello tells of itself. */
async function expectOwnOnly(peers: readonly Peer[]): Promise<void> {
  for (const holder of peers) {
    for (const owner of peers.filter((peer) => peer !== holder)) {
      const ofSession = (await routesOf(owner)).filter(({ path }) => /status|config/.test(path))
      const answers = Object.values(await knockAll(ofSession, bearer(holder.token)))
      expect(answers.map(({ status }) => status)).toEqual([403, 403])
    }
  }
  for (const { token, greeting } of peers) {
    const hello = { method: "POST", path: "/v1/hello", headers: bearer(token), body: helloBody() }
    const { identity } = JSON.parse((await knock(door, hello)).text) as HelloAnswer
    expect(identity).toEqual(greeting.identity)
  }
}

test("a deleted pod's stream is closed and its token refused on every route within 15 seconds", async () => {
  const peer = await connect(await world.createPod("alpha", "gone"))
  const routes = await routesOf(peer)
  // Valid, bound to the pod, and never shown to the operator: nothing about it is remembered there.
  const unseen = await mintToken(world.client, { namespace: "alpha", pod: peer.pod })
  const begin = performance.now()
  await world.kubectl("-n", "alpha", "delete", "pod", "gone", "--grace-period=0", "--force")
  const deletedMs = performance.now() - begin
  await within(GONE_WITHIN_MS, "the stream's end", peer.stream.ended)
  const closedMs = performance.now() - begin
  const known = await knockAll(routes, bearer(peer.token))
  expect(known).toEqual(everyRoute(routes, FORBIDDEN))
  const refusedMs = performance.now() - begin
  // The API server itself still vouches for some seconds; the operator's pod watch does not.
  const fresh = await knockAll(routes, bearer(unseen))
  for (const answer of Object.values(fresh))
    expect([UNAUTHORIZED, FORBIDDEN]).toContainEqual(answer)
  expect(refusedMs).toBeLessThan(GONE_WITHIN_MS)
  const figures = { deletedMs, closedMs, refusedMs }
  console.log("deleted pod, ms from the start of kubectl:", rounded(figures))
})

test("a pod that shuts down delivers its last usage and gets nothing more", async () => {
  // A pod on a node stays until its kubelet has ended it; there is none here.
  const object = podObject("alpha", "ending") as { readonly spec: object }
  const spec = { ...object.spec, nodeName: "node-1" }
  const token = await tokenOf("alpha", { ...object, spec }, "ending")
  const address = { ...door, token }
  const deadline = { what: "a hello", withinMs: 60_000, everyMs: 20 }
  const { session } = await waitUntil(deadline, () => hello(address))
  const stream = await subscribe(address, session)
  await nextSnapshot(stream)
  await world.kubectl("-n", "alpha", "delete", "pod", "ending", "--wait=false")
  await within(GONE_WITHIN_MS, "the stream's end", stream.ended)
  const boot = "boot-1"
  const record = makeRecord({ admittedAt: Date.now(), endedAt: Date.now() })
  const answers = await knockAll(
    [
      { method: "POST", path: "/v1/hello", body: helloBody() },
      { method: "GET", path: `/v1/config?session=${session}` },
      { method: "POST", path: "/v1/usage", body: { boot, records: [record] } },
    ],
    bearer(token),
  )
  expect(Object.values(answers)).toEqual([
    FORBIDDEN,
    FORBIDDEN,
    { status: 200, isStream: false, text: '{"acknowledged":1}' },
  ])
})

test("whatever it says, a pod of one namespace sees nothing of another", async () => {
  const claims = {
    namespace: "beta",
    pod: beta.pod.name,
    podUid: beta.pod.uid,
    identity: beta.greeting.identity,
    session: beta.greeting.session,
    held: (await nextSnapshot(beta.stream)).data.version,
  }
  const { hash } = (await nextSnapshot(beta.stream)).data
  const held = { ...claims.held, hash }
  const headers = {
    ...bearer(alpha.token),
    "x-sidegate-namespace": "beta",
    "x-forwarded-for": "10.0.0.9",
    "x-remote-user": "system:serviceaccount:beta:default",
  }
  const body = helloBody({ ...claims, held })
  const greeted = await knock(door, { method: "POST", path: "/v1/hello", headers, body })
  expect(greeted.status).toBe(200)
  const { session, identity } = JSON.parse(greeted.text) as HelloAnswer
  expect(identity).toEqual(alpha.greeting.identity)
  const stream = await subscribe(alpha.address, `${session}&namespace=beta&pod=${beta.pod.uid}`)
  const push = await nextSnapshot(stream)
  stream.close()
  expect(push.data.snapshot.namespace).toBe("alpha")
  expect(stream.events.map(({ event }) => event)).toEqual(["credentials", "snapshot"])
  const received = greeted.text + JSON.stringify(stream.events)
  expect(received).toContain("key-of-alpha")
  expect(received).not.toContain("beta")
})

test("another pod's session can neither be read nor answered for", async () => {
  const { version } = (await nextSnapshot(beta.stream)).data
  const { session } = beta.greeting
  const nack = { reason: "the other namespace says so", object: "AIRoute beta/chat", path: null }
  const answers = await knockAll(
    [
      { method: "GET", path: `/v1/config?session=${session}` },
      { method: "POST", path: "/v1/status", body: { session, version, held: null, nack } },
    ],
    bearer(alpha.token),
  )
  const text =
    '{"error":{"code":"foreign_session","message":"this session belongs to another pod"}}'
  const foreign = { status: 403, isStream: false, text }
  expect(Object.values(answers)).toEqual([foreign, foreign])
  // Its owner's stream is open still, and what was said of it was not believed.
  await world.apply(makeRoute("beta/chat", "beta-llm", { models: ["smart", "smarter"] }))
  await waitUntil({ what: "another Snapshot", withinMs: 60_000 }, () =>
    beta.stream.events.filter(({ event }) => event === "snapshot").length > 1 ? true : undefined,
  )
  const path = '{.status.conditions[?(@.type=="Programmed")].message}'
  await waitUntil({ what: "the route to be programmed", withinMs: 60_000 }, async () => {
    const said = await world.kubectl(
      "-n",
      "beta",
      "get",
      "airoute",
      "chat",
      "-o",
      `jsonpath=${path}`,
    )
    return said === "1/1 sidecars" ? true : undefined
  })
})

test("usage is booked on the namespace of the token, whatever the records say", async () => {
  const now = Date.now()
  const own = makeRecord({ id: "shared-1", admittedAt: now, endedAt: now, route: "beta/chat" })
  const foreign = {
    ...own,
    namespace: "beta",
    pod: beta.pod.name,
    podUid: beta.pod.uid,
    team: "beta",
    costCenter: "CC-beta",
  }
  const batch = { boot: "boot-1", namespace: "beta", team: "beta", records: [foreign] }
  const asAlpha = { method: "POST", path: "/v1/usage", headers: bearer(alpha.token), body: batch }
  expect((await knock(door, asAlpha)).text).toBe('{"acknowledged":1}')
  // The same id from the pod that was named: nobody took its place.
  const mine = { boot: "boot-1", records: [{ ...own, cost: 900 }] }
  const asBeta = { method: "POST", path: "/v1/usage", headers: bearer(beta.token), body: mine }
  expect((await knock(door, asBeta)).text).toBe('{"acknowledged":1}')
  expect(readStamps("shared-1")).toEqual([
    { namespace: "alpha", pod: "api-0", team: "alpha", cost_center: "CC-alpha", cost_nano: 700 },
    { namespace: "beta", pod: "web-0", team: "beta", cost_center: "CC-beta", cost_nano: 900 },
  ])
})

test("what was refused is counted by reason, and no token is in the operator's log", async () => {
  const metrics = await (await fetch(`${world.operator.opsUrl}/metrics`)).text()
  const counted = metrics.match(/sidegate_auth_rejected_total\{reason="[a-z-]+"\} [1-9]/g) ?? []
  const reasons = counted.map((line) => /reason="([a-z-]+)"/.exec(line)?.[1])
  expect(reasons.sort()).toEqual([
    "malformed",
    "missing",
    "namespace-not-injected",
    "no-sidecar",
    "pod-terminating",
    "pod-unknown",
    "unauthenticated",
    "unbound",
  ])
  const output = world.operator.program().stdout() + world.operator.program().stderr()
  for (const { token } of [alpha, beta]) expect(output).not.toContain(token.split(".")[2])
  expect(output).not.toContain("key-of-")
})

/** Rejects when `promise` has not settled by then. */
async function within<T>(limitMs: number, what: string, promise: Promise<T>): Promise<T> {
  let isSettled = false
  const done = promise.finally(() => {
    isSettled = true
  })
  await waitUntil({ what, withinMs: limitMs }, () => (isSettled ? true : undefined))
  return done
}

/** Whom the ledger has a record for. */
function readStamps(id: string): readonly object[] {
  const database = new DatabaseSync(`${world.operator.stateDir}/ledger.db`, {
    readOnly: true,
    timeout: 10_000,
  })
  try {
    const columns = "namespace, pod, team, cost_center, cost_nano"
    const select = `SELECT ${columns} FROM usage_record WHERE id = ? ORDER BY namespace`
    return database
      .prepare(select)
      .all(id)
      .map((row) => ({ ...row }))
  } finally {
    database.close()
  }
}

function rounded(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${Math.round(value)}`)
    .join(", ")
}
