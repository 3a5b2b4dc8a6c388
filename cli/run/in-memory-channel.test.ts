import { afterEach, expect, test } from "vitest"
import { createControlPlane } from "#operator/compose.ts"
import { readCloudSettings } from "#operator/credentials/cloud-settings.ts"
import { openSqliteLedger } from "#operator/ledger/store/sqlite/sqlite-store.ts"
import { createLog } from "#operator/telemetry/log.ts"
import { createMetrics } from "#operator/telemetry/metrics.ts"
import type { ConfigEvent, Hello } from "#proxy/contract/push.ts"
import type { ControlChannel } from "#proxy/sync/channel.ts"
import { createInMemoryChannel } from "./in-memory-channel.ts"

const IDENTITY = {
  namespace: "default",
  pod: "local",
  podUid: "sidegate-run",
  application: "local",
  labels: {},
} as const
const HELLO: Hello = {
  boot: "boot",
  held: null,
  credentials: null,
  journalSequence: 0,
  schemaVersion: 2,
  release: "test",
}

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A real control plane on a ledger in memory, with one namespace and nothing in it. */
async function makeChannel(lead: "leads" | "waits"): Promise<ControlChannel> {
  const store = await openSqliteLedger({ file: ":memory:" })
  const plane = createControlPlane({
    store,
    settings: {
      operatorNamespace: "sidegate-system",
      teamLabel: "sidegate.dev/team",
      unselected: "Allow",
      unassigned: "Allow",
      cloudHosts: [],
    },
    cloud: readCloudSettings(() => null),
    ports: { applyStatus: async () => {}, emitEvent: async () => {} },
    log: createLog("error", { write: () => {} }),
    metrics: createMetrics(),
    now: () => Date.now(),
  })
  closers.push(
    () => store.close(),
    () => plane.close(),
  )
  const metadata = { name: "default", uid: "u", resourceVersion: "1", generation: 1 }
  plane.feed.reset("Namespace", [{ apiVersion: "v1", kind: "Namespace", metadata }])
  if (lead === "leads") await plane.lead()
  return createInMemoryChannel(plane, IDENTITY)
}

test("a session begins with keys and a Snapshot, takes an ACK, and ends when aborted", async () => {
  const channel = await makeChannel("leads")
  const { session, identity } = await channel.hello(HELLO)
  expect(identity).toEqual(IDENTITY)
  const abort = new AbortController()
  const seen: string[] = []
  const acknowledge = async (event: ConfigEvent): Promise<void> => {
    if (event.event !== "snapshot") return
    const { version, hash } = event.data
    await channel.status({ session, version, held: { ...version, hash }, nack: null })
    abort.abort()
  }
  await channel.config(
    session,
    (event) => {
      seen.push(event.event)
      void acknowledge(event)
    },
    abort.signal,
  )
  expect(seen).toEqual(["credentials", "snapshot"])
})

test("usage is acknowledged once it is stored, and a repeat is harmless", async () => {
  const channel = await makeChannel("leads")
  const record = {
    ...{ id: "boot-1", operation: "op", attempt: 1, admittedAt: Date.now(), sequence: 1 },
    ...{ route: "default/chat", rule: "default", provider: "one", model: "m" },
    ...{ requestedModel: "m", user: null, stream: false, endedAt: Date.now(), status: 200 },
    ...{ usage: { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 }, cost: null },
    ...({ outcome: "ok", source: "reported" } as const),
  }
  const batch = JSON.stringify({ boot: "boot", records: [record] })
  expect(await channel.usage(batch)).toEqual({ acknowledged: 1 })
  expect(await channel.usage(batch)).toEqual({ acknowledged: 1 })
})

const refused = [
  {
    name: "a session that is none",
    lead: "leads",
    call: (channel: ControlChannel) =>
      channel.config("nobody", () => {}, new AbortController().signal),
    code: "unknown_session",
  },
  {
    name: "a hello before there is a leader",
    lead: "waits",
    call: (channel: ControlChannel) => channel.hello(HELLO),
    code: "not_leader",
  },
  {
    name: "usage before there is a leader",
    lead: "waits",
    call: (channel: ControlChannel) => channel.usage('{"boot":"boot","records":[]}'),
    code: "not_leader",
  },
] as const
test.each(refused)("$name is refused as over HTTPS", async ({ lead, call, code }) => {
  const channel = await makeChannel(lead)
  await expect(call(channel)).rejects.toMatchObject({ name: "Error", code })
})
