import { expect, test } from "vitest"
import { findRollbackLosses } from "./check-rollback.ts"
import type { KubeClient, KubeRequest } from "./kube/kube-client.ts"
import { KubeError } from "./kube/kube-error.ts"

const GROUP = "/apis/sidegate.dev/v1alpha1/"

/** An API server that has these objects by plural, in pages of `pageObjects`. */
function serverOf(
  objects: Readonly<Record<string, readonly object[]>>,
  pageObjects = 500,
): KubeClient & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    request: async ({ method, path, query }: KubeRequest) => {
      asked.push(`${method} ${path}`)
      const list = objects[path.slice(GROUP.length)]
      if (list === undefined) throw new KubeError("refused", "not found", NOT_FOUND)
      const from = Number(query?.["continue"] ?? 0)
      const next = from + pageObjects
      const metadata = next < list.length ? { continue: String(next) } : {}
      return { items: list.slice(from, next), metadata }
    },
    watch: async () => undefined,
    close: () => undefined,
  }
}

const NOT_FOUND = { status: 404, reason: "NotFound", retryAfterSeconds: null }

const route = (name: string, more: object = {}) => ({
  metadata: { name, namespace: "search" },
  spec: {
    models: ["smart"],
    rules: [{ name: "default", backends: [{ provider: "openai", ...more }] }],
  },
})

test("objects of this release lose nothing, and kinds that are not served have none", async () => {
  const server = serverOf({ airoutes: [route("chat")], aiproviders: [] })
  expect(await findRollbackLosses(server)).toEqual([])
  expect(server.asked).toContain(`GET ${GROUP}teamquotas`)
})

test("an object with a field of a later release is named, with the field, on any page", async () => {
  const quota = { metadata: { name: "search" }, spec: { later: 1 }, status: { alsoLater: 1 } }
  const server = serverOf(
    {
      airoutes: [route("one"), route("two", { mirror: { percent: 1 } }), route("three")],
      teamquotas: [quota],
    },
    1,
  )
  expect(await findRollbackLosses(server)).toEqual([
    "AIRoute search/two: spec.rules[0].backends[0].mirror",
    "TeamQuota search: spec.later",
  ])
})

test("fifty objects and ten fields are named, the rest is counted", async () => {
  const fields = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`later${at}`, at]))
  const quotas = Array.from({ length: 52 }, (_, at) => ({
    metadata: { name: `q${at}` },
    spec: fields,
  }))
  const losses = await findRollbackLosses(serverOf({ teamquotas: quotas }))
  expect(losses).toHaveLength(51)
  expect(losses[0]).toMatch(/spec\.later9 and 2 more$/)
  expect(losses.at(-1)).toBe("and 2 more objects")
})

test("what the API server refuses is no answer", async () => {
  const server = serverOf({})
  const forbidden = new KubeError("refused", "forbidden", { ...NOT_FOUND, status: 403 })
  const client = { ...server, request: async () => Promise.reject(forbidden) }
  await expect(findRollbackLosses(client)).rejects.toThrow("forbidden")
})
