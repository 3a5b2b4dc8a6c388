import { describe, expect, test } from "vitest"
import type { ConfigKind, IndexEntry } from "./entry.ts"
import { createIndex, type Index } from "./index.ts"
import { readObject } from "./read-object.ts"

const OPERATOR = "sidegate-system"

interface Made {
  readonly kind: ConfigKind
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly generation: number
  readonly version: number
  readonly spec: unknown
}

function made(more: Partial<Made>): IndexEntry {
  const base = { kind: "AIRoute", namespace: "search", name: "chat", uid: "u1" } as const
  const full: Made = { ...base, generation: 1, version: 10, spec: {}, ...more }
  const { version, ...value } = full
  return {
    kind: full.kind,
    uid: full.uid,
    resourceVersion: String(version),
    value: { ...value, createdAt: 0 },
  }
}

function namespace(name: string, version = 1, labels: Record<string, string> = {}): IndexEntry {
  const value = { name, labels, annotations: {}, isTerminating: false }
  return { kind: "Namespace", uid: `n-${name}`, resourceVersion: String(version), value }
}

function pod(name: string, uid: string, version = 1): IndexEntry {
  const identity = { namespace: "search", pod: name, podUid: uid, application: name, labels: {} }
  const value = {
    ...identity,
    hasSidecar: true,
    isTerminating: false,
    isRunning: true,
    isFinished: false,
    isSkipped: false,
  }
  return { kind: "Pod", uid, resourceVersion: String(version), value }
}

function filled(...entries: readonly IndexEntry[]): Index {
  const index = createIndex({ operatorNamespace: OPERATOR })
  for (const entry of [namespace("search"), namespace(OPERATOR), ...entries]) index.apply(entry)
  return index
}

const shared = made({ namespace: OPERATOR, spec: { namespaces: { from: "All" } } })
const provider = made({ kind: "AIProvider", namespace: "", name: "openai", uid: "p" })

describe("a change affects", () => {
  const cases = [
    { name: "its namespace, for a route", entry: made({}), want: ["search"] },
    { name: "everything, for a provider", entry: provider, want: [""] },
    { name: "both, for a shared route", entry: shared, want: ["", OPERATOR] },
    {
      name: "only its namespace, for the operator's own route",
      entry: made({ namespace: OPERATOR }),
      want: [OPERATOR],
    },
    { name: "its namespace, for a pod", entry: pod("a", "1"), want: ["search"] },
    {
      name: "its namespace, for an AINamespace",
      entry: made({ kind: "AINamespace", name: "default" }),
      want: ["search"],
    },
    { name: "itself, for a namespace", entry: namespace("new"), want: ["new"] },
  ]
  test.each(cases)("$name", ({ entry, want }) => {
    expect(filled().apply(entry)).toEqual(want)
  })
  test("shared routes too, when a namespace comes while there are any", () => {
    expect(filled(shared).apply(namespace("new"))).toEqual(["", "new"])
  })
  test("both namespaces' keys once each, when a list replaces another", () => {
    const index = filled(made({}))
    const other = made({ namespace: OPERATOR, name: "other", uid: "u2" })
    expect(index.reset("AIRoute", [other])).toEqual(["search", OPERATOR])
    expect(index.view("search")?.routes).toEqual([])
  })
})

describe("the index never goes backwards", () => {
  const cases = [
    { name: "the same object again", next: made({}), changes: false },
    { name: "a status write: same generation", next: made({ version: 11 }), changes: false },
    { name: "a new generation", next: made({ version: 11, generation: 2 }), changes: true },
    {
      name: "an older generation with a newer version",
      next: made({ version: 12, generation: 0 }),
      changes: false,
    },
    {
      name: "a successor with another uid",
      next: made({ uid: "u2", version: 11 }),
      changes: true,
    },
    {
      name: "a predecessor with another uid",
      next: made({ uid: "u0", version: 9, generation: 7 }),
      changes: false,
    },
  ]
  test.each(cases)("$name: changes $changes", ({ next, changes }) => {
    const index = filled(made({}))
    const before = index.view("search")
    expect(index.apply(next)).toEqual(changes ? ["search"] : [])
    expect(index.view("search") === before).toBe(!changes)
  })
  test("a list older than what was seen changes nothing, not even by what it lacks", () => {
    const index = filled(made({ version: 50 }))
    expect(index.reset("AIRoute", [], "49")).toEqual([])
    expect(index.view("search")?.routes).toHaveLength(1)
    expect(index.reset("AIRoute", [], "51")).toEqual(["search"])
  })
  test("a late delete of a predecessor leaves its successor", () => {
    const index = filled(made({ uid: "u2" }))
    const ref = { namespace: "search", name: "chat" }
    expect(index.delete("AIRoute", ref, "u1")).toEqual([])
    expect(index.delete("AIRoute", ref, "u2")).toEqual(["search"])
    expect(index.delete("AIRoute", ref)).toEqual([])
  })
})

describe("views", () => {
  test("keep their identity while nothing in them changes", () => {
    const index = filled(made({}), provider)
    const [view, cluster, names] = [index.view("search"), index.clusterView(), index.namespaces()]
    index.apply(pod("a", "1"))
    index.apply(made({ kind: "AIProvider", namespace: "", name: "openai", uid: "p", version: 99 }))
    index.apply(namespace("search", 7))
    expect(index.view("search")).toBe(view)
    expect(index.clusterView()).toBe(cluster)
    expect(index.namespaces()).toBe(names)
  })
  test("are sorted by name, whatever came first", () => {
    const index = filled(made({ name: "b", uid: "b" }), made({ name: "a", uid: "a" }))
    expect(index.view("search")?.routes.map(({ name }) => name)).toEqual(["a", "b"])
  })
  test("exist only for namespaces that are known", () => {
    const index = filled(made({ namespace: "later" }))
    expect(index.view("later")).toBeUndefined()
    expect(index.apply(namespace("later"))).toEqual(["later"])
    expect(index.view("later")?.routes).toHaveLength(1)
    expect(index.delete("Namespace", { namespace: "", name: "later" })).toEqual(["later"])
    expect(index.view("later")).toBeUndefined()
  })
  test("a pod of the same name with another uid takes the place of the one before", () => {
    const index = filled(pod("a", "1"), pod("a", "2", 2))
    expect(index.pod("1")).toBeUndefined()
    expect(index.pod("2")?.pod).toBe("a")
    expect(index.podsOf("search")).toHaveLength(1)
  })
})

describe("an object is read", () => {
  const metadata = { name: "a", uid: "1", namespace: "search", resourceVersion: "5" }
  const owner = { name: "api-6f", controller: true }
  const cases = [
    {
      name: "by its label",
      metadata: { labels: { "app.kubernetes.io/name": "api" } },
      want: "api",
    },
    {
      name: "by its controller",
      metadata: { ownerReferences: [{ name: "x" }, owner] },
      want: "api-6f",
    },
    { name: "by its own name", metadata: { labels: { "app.kubernetes.io/name": "" } }, want: "a" },
  ]
  test.each(cases)("the application of a pod $name", (row) => {
    const raw = { metadata: { ...metadata, ...row.metadata } }
    const read = readObject("Pod", raw)
    expect(read.ok && read.entry.kind === "Pod" && read.entry.value.application).toBe(row.want)
  })
  test("a pod has a sidecar when an init container has its name", () => {
    const sidecar = [{ name: "istio-init" }, { name: "sidegate-proxy" }]
    const has = (initContainers: unknown) => {
      const read = readObject("Pod", { metadata, spec: { initContainers } })
      return read.ok && read.entry.kind === "Pod" && read.entry.value.hasSidecar
    }
    expect([has(sidecar), has([{ name: "other" }]), has(undefined)]).toEqual([true, false, false])
  })
  test("a pod is finished when its phase says so, and not before there is one", () => {
    const isFinished = (status: unknown) => {
      const read = readObject("Pod", { metadata, status })
      return read.ok && read.entry.kind === "Pod" && read.entry.value.isFinished
    }
    const phases = ["Pending", "Running", "Unknown", "Succeeded", "Failed"]
    expect(phases.map((phase) => isFinished({ phase }))).toEqual([false, false, false, true, true])
    expect(isFinished(undefined)).toBe(false)
  })
  const annotated = (key: string, value: string) => ({ annotations: { [key]: value } })
  const pods = [
    { name: "that runs", raw: { status: { phase: "Running" } }, want: [true, false] },
    { name: "that waits", raw: { status: { phase: "Pending" } }, want: [false, false] },
    {
      name: "that the webhook passed by",
      metadata: annotated("sidegate.dev/injection-status", "skipped: PortInUse"),
      want: [false, true],
    },
    {
      name: "that was injected",
      metadata: annotated("sidegate.dev/injection-status", "injected@0.1.0"),
      want: [false, false],
    },
    {
      name: "that a kubelet made from a file",
      metadata: annotated("kubernetes.io/config.mirror", "x"),
      want: [false, true],
    },
  ]
  test.each(pods)("a pod $name: runs and skipped are $want", (row) => {
    const read = readObject("Pod", { ...row.raw, metadata: { ...metadata, ...row.metadata } })
    const value = read.ok && read.entry.kind === "Pod" ? read.entry.value : undefined
    expect([value?.isRunning, value?.isSkipped]).toEqual(row.want)
  })
  test("without a name or a uid it is refused", () => {
    const message = "AIRoute without metadata.uid"
    expect(readObject("AIRoute", { metadata: { name: "a" } })).toEqual({ ok: false, message })
    expect(readObject("AIRoute", null).ok).toBe(false)
  })
})
