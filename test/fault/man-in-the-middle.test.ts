/** What somebody between a sidecar and the operator gets of the sidecar's token: nothing. S13. */
import { generate } from "selfsigned"
import { afterAll, beforeAll, expect, test } from "vitest"
import { textAt } from "#operator/kube/json-path.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { chat } from "./chat.ts"
import { type Middle, startMiddle, type Trick } from "./middle.ts"
import { makeProvider, makeRoute } from "./objects.ts"
import { OPERATOR_NAMESPACE, SERVER_NAME, type Sidecar, startWorld, type World } from "./world.ts"

/** How every token and every header with one begins. */
const TOKEN = /eyJ[\w-]{8}|bearer|authorization/i
/** Enough that it was no accident. */
const ATTEMPTS = 2

let world: World
let middle: Middle
let sidecar: Sidecar

beforeAll(async () => {
  world = await startWorld()
  await world.apply(makeProvider("alpha", world.upstream.endpoint("alpha")))
  await world.createNamespace("shop")
  await world.apply(makeRoute("shop/chat", "alpha", { models: ["smart"] }))
  middle = await startMiddle()
  sidecar = await world.startSidecar(await world.createPod("shop", "api-0"), {
    env: { SIDEGATE_OPERATOR_URL: `https://127.0.0.1:${middle.port}` },
    isWaiting: false,
  })
})

afterAll(async () => {
  await middle.close()
  await world.stop()
})

/** A certificate for the operator's name, of roots that the sidecar has never heard of. */
async function forged(): Promise<Trick> {
  const { cert, private: key } = await generate([{ name: "commonName", value: SERVER_NAME }], {
    keyType: "ec",
    curve: "P-256",
    notAfterDate: new Date(Date.now() + 3_600_000),
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: SERVER_NAME }] }],
  })
  return { kind: "pretend", cert, key }
}

/** With a pair that the operator keeps in a Secret. */
async function kept(name: string): Promise<Trick> {
  const args = ["-n", OPERATOR_NAMESPACE, "get", "secret", name, "-o", "json"]
  const secret: unknown = await waitUntil({ what: name, withinMs: 60_000 }, async () => {
    const { code, stdout } = await world.tryKubectl(args)
    return code === 0 ? JSON.parse(stdout) : undefined
  })
  const text = (key: string) =>
    Buffer.from(textAt(secret, "data", key) ?? "", "base64").toString("utf8")
  return { kind: "pretend", cert: text("tls.crt"), key: text("tls.key") }
}

/** `reads`: the first bytes that can be read. */
const strangers: readonly {
  readonly name: string
  readonly trick: () => Promise<Trick>
  readonly reads: readonly number[]
}[] = [
  // The begin of a TLS handshake: the sidecar speaks first, and there is nothing more to read.
  { name: "listens without TLS", trick: async () => ({ kind: "plain" }), reads: [22, 3] },
  { name: "has roots of its own", trick: forged, reads: [] },
  // Of the very roots that sidecars trust, for another name.
  {
    name: "has the webhook's certificate",
    trick: () => kept("sidegate-webhook-tls"),
    reads: [],
  },
]

test.each(strangers)("one who $name sees no byte of the token", async ({ trick, reads }) => {
  await plays(await trick())
  expect([...Buffer.from(middle.seen().slice(0, 2), "latin1")]).toEqual(reads)
  expect(middle.seen()).not.toMatch(TOKEN)
  expect((await fetch(`${sidecar.opsUrl}/readyz`)).status).toBe(503)
})

/** Until the sidecar has fallen for it, or has not, often enough. */
async function plays(trick: Trick): Promise<void> {
  middle.play(trick)
  await waitUntil({ what: "attempts of the sidecar", withinMs: 60_000 }, () =>
    middle.connections() >= ATTEMPTS ? true : undefined,
  )
}

test("one who passes everything on reads nothing either, and the sidecar is served", async () => {
  middle.play({ kind: "relay", port: Number(new URL(world.operator.url).port) })
  await sidecar.waitUntilReady()
  expect((await chat(sidecar, "smart")).status).toBe(200)
  expect(middle.seen().length).toBeGreaterThan(1000)
  expect(middle.seen()).not.toMatch(TOKEN)
})

test("one who takes a connected sidecar over sees nothing, and the sidecar serves on", async () => {
  await plays(await forged())
  expect(middle.seen()).toBe("")
  expect((await chat(sidecar, "smart")).status).toBe(200)
})

test("only who has the operator's own key would see it", async () => {
  await plays(await kept("sidegate-operator-tls"))
  await waitUntil({ what: "the token", withinMs: 60_000 }, () =>
    TOKEN.test(middle.seen()) ? true : undefined,
  )
})
