import { afterEach, beforeEach, expect, test } from "vitest"
import type { KubeClient, KubeRequest } from "#operator/kube/kube-client.ts"
import { KubeError } from "#operator/kube/kube-error.ts"
import { createLog } from "#operator/telemetry/log.ts"
import { createNamespaceObjects, type NamespaceObjects } from "./namespace-objects.ts"

const COLLECTION = "/apis/sidegate.dev/v1alpha1/namespaces/NAME/ainamespaces"
const asked: string[] = []
const lines: string[] = []
let answer: (request: KubeRequest) => Promise<unknown>
let objects: NamespaceObjects

beforeEach(() => {
  asked.length = 0
  lines.length = 0
  answer = async () => null
  const client: KubeClient = {
    request: (request) => {
      const uid = JSON.stringify(request.body).includes("uid-1") ? " uid-1" : ""
      asked.push(`${request.method} ${request.path}${uid}`)
      return answer(request)
    },
    watch: () => Promise.reject(new Error("nothing is watched here")),
    close: () => {},
  }
  objects = createNamespaceObjects(client, createLog("info", { write: (line) => lines.push(line) }))
})
afterEach(() => objects.close())

const inNamespace = (name: string): string => COLLECTION.replace("NAME", name)
const refusal = (status: number, message: string): KubeError =>
  new KubeError("refused", message, { status, reason: "", retryAfterSeconds: null })
const untilAsked = (count: number) => expect.poll(() => asked.length, { interval: 5 }).toBe(count)

test("a wish is done once, however often it is repeated", async () => {
  for (let round = 0; round < 3; round++) objects.keep("a", { kind: "create" })
  objects.keep("b", { kind: "create" })
  await untilAsked(2)
  objects.keep("a", { kind: "create" })
  objects.keep("c", { kind: "delete", uid: "uid-1" })
  await untilAsked(3)
  expect(asked).toEqual([
    `POST ${inNamespace("a")}`,
    `POST ${inNamespace("b")}`,
    `DELETE ${inNamespace("c")}/default uid-1`,
  ])
})

test("twenty a second at most, also when all of them fail", async () => {
  answer = () => Promise.reject(refusal(403, "not allowed"))
  const begunMs = performance.now()
  for (let index = 0; index < 11; index++) objects.keep(`n${index}`, { kind: "create" })
  await expect.poll(() => asked.length, { interval: 5 }).toBeGreaterThanOrEqual(11)
  expect(performance.now() - begunMs).toBeGreaterThan(450)
})

test("one that came true may be wished again: the object was deleted", async () => {
  objects.keep("a", { kind: "create" })
  await untilAsked(1)
  objects.keep("a", { kind: "keep" })
  objects.keep("a", { kind: "create" })
  await untilAsked(2)
})

test("a failure is told and tried again, until it is wished no longer", async () => {
  const down = refusal(403, "not allowed")
  answer = () => Promise.reject(down)
  objects.keep("a", { kind: "create" })
  await untilAsked(2)
  objects.keep("a", { kind: "keep" })
  expect(lines.length).toBeGreaterThan(0)
  expect(lines.every((line) => line.includes("not brought about"))).toBe(true)
  objects.keep("b", { kind: "create" })
  await expect.poll(() => asked.filter((one) => one.includes("/b/")).length).toBeGreaterThan(1)
  expect(asked.filter((one) => one.includes("/a/"))).toHaveLength(2)
})

const harmless = [
  { name: "is there already", wish: { kind: "create" }, error: refusal(409, "AlreadyExists") },
  {
    name: "would be in a namespace that is gone",
    wish: { kind: "create" },
    error: refusal(404, ""),
  },
  {
    name: "would be in a namespace that ends",
    wish: { kind: "create" },
    error: refusal(403, "because it is being terminated"),
  },
  { name: "is gone already", wish: { kind: "delete", uid: "uid-1" }, error: refusal(404, "") },
  {
    name: "was made anew meanwhile",
    wish: { kind: "delete", uid: "uid-1" },
    error: refusal(409, "uid"),
  },
] as const
test.each(harmless)("an object that $name is no failure", async ({ wish, error }) => {
  answer = () => Promise.reject(error)
  objects.keep("a", wish)
  objects.keep("b", wish)
  await untilAsked(2)
  await objects.close()
  expect([asked.length, lines]).toEqual([2, []])
})
