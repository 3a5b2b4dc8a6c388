import { expect, test } from "vitest"
import type { EventSubject, EventWords } from "#operator/kube/events.ts"
import { createInjectionEvents } from "./injection-events.ts"

const NOW = Date.parse("2026-11-22T12:00:00Z")
const CONTROLLER = { apiVersion: "batch/v1", kind: "Job", name: "report", uid: "job-1" }

function makePod(changes: object = {}, status = "skipped: HostNetwork") {
  return {
    metadata: {
      namespace: "search",
      name: "report-x7k2p",
      uid: "pod-1",
      creationTimestamp: "2026-11-22T11:59:00Z",
      annotations: { "sidegate.dev/injection-status": status },
      ownerReferences: [{ ...CONTROLLER, controller: true }],
      ...changes,
    },
  }
}

function setUp() {
  const emitted: { subject: EventSubject; words: EventWords }[] = []
  const results: string[] = []
  const events = createInjectionEvents({
    writer: { emit: async (subject, words) => void emitted.push({ subject, words }) },
    isInjected: (namespace) => namespace === "search",
    now: () => NOW,
    onResult: (result) => void results.push(result),
  })
  return { events, emitted, results }
}

async function tell(pods: readonly unknown[]) {
  const { events, emitted } = setUp()
  events.lead()
  for (const pod of pods) events.observe(pod)
  // Everything that was queued is written in later turns of the same queue.
  await new Promise(setImmediate)
  return emitted
}

test("the controller of a skipped pod gets an Event that says why", async () => {
  expect(await tell([makePod()])).toEqual([
    {
      subject: { ...CONTROLLER, namespace: "search" },
      words: {
        type: "Warning",
        reason: "InjectionSkipped",
        action: "Inject",
        note: "pod report-x7k2p runs without a sidecar (HostNetwork): with spec.hostNetwork the sidecar's ports would be the node's",
      },
    },
  ])
})

test("a pod that nothing made gets it itself", async () => {
  const [event] = await tell([makePod({ ownerReferences: [] })])
  const subject = { apiVersion: "v1", kind: "Pod", namespace: "search", name: "report-x7k2p" }
  expect(event?.subject).toEqual({ ...subject, uid: "pod-1" })
})

test("opting out is nothing to warn of", async () => {
  const [event] = await tell([makePod({}, "skipped: OptedOut")])
  expect(event?.words.type).toBe("Normal")
})

const counts = [
  { name: "a pod seen twice is told once", pods: [makePod(), makePod()], want: 1 },
  {
    name: "pods of one controller are told once",
    pods: [makePod(), makePod({ uid: "pod-2", name: "report-2" })],
    want: 1,
  },
  {
    name: "another reason is told again",
    pods: [makePod(), makePod({}, "skipped: PortInUse")],
    want: 2,
  },
  { name: "an injected pod is not told", pods: [makePod({}, "injected@1.2.3")], want: 0 },
  { name: "an unknown reason is not told", pods: [makePod({}, "skipped: <b>")], want: 0 },
  { name: "a namespace that is not injected", pods: [makePod({ namespace: "other" })], want: 0 },
  {
    name: "an old pod was told by the process before",
    pods: [makePod({ creationTimestamp: "2026-11-22T11:00:00Z" })],
    want: 0,
  },
  { name: "what is no pod is not told", pods: [null, {}, { metadata: 1 }], want: 0 },
]
test.each(counts)("$name: $want", async ({ pods, want }) => {
  expect((await tell(pods)).length).toBe(want)
})

test("what was seen before this process leads is told when it does", async () => {
  const { events, emitted } = setUp()
  events.observe(makePod())
  expect(emitted.length).toBe(0)
  events.lead()
  await new Promise(setImmediate)
  expect(emitted.length).toBe(1)
})

test("while it does not lead, a thousand wait and a further one is dropped", () => {
  const { events, results } = setUp()
  for (let index = 0; index <= 1000; index++) {
    events.observe(makePod({ uid: `pod-${index}`, ownerReferences: [] }))
  }
  expect(results).toEqual(["dropped"])
})

test("an API server that refuses is counted, and the next one is told", async () => {
  const results: string[] = []
  const events = createInjectionEvents({
    writer: { emit: () => Promise.reject(new Error("refused")) },
    isInjected: () => true,
    now: () => NOW,
    onResult: (result) => void results.push(result),
  })
  events.lead()
  events.observe(makePod())
  events.observe(makePod({}, "skipped: Windows"))
  await new Promise(setImmediate)
  expect(results).toEqual(["error", "error"])
})
