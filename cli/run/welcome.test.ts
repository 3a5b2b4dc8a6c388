import { expect, test } from "vitest"
import { whyNoModel } from "./welcome.ts"

const none = {
  directory: "d",
  objects: [],
  namespace: "default",
  stateDir: "s",
  port: 1,
  adminPort: 2,
  routes: [],
  hasProblems: false,
}
const route = (namespace: string, ...models: readonly string[]) => ({ namespace, models })

test.each([
  {
    name: "no route at all",
    routes: [],
    want: "No AIRoute of namespace default is there yet: add one, it takes effect at once.",
  },
  {
    name: "routes of another namespace alone",
    routes: [route("search", "smart"), route("search", "fast")],
    want: "No AIRoute of namespace default is there; there are some in search: choose with --namespace.",
  },
  {
    name: "a route whose provider has no key",
    routes: [route("default", "smart")],
    hasProblems: true,
    want:
      "No AIRoute of namespace default can serve now: see the lines above; what is mended is read " +
      "at once.",
  },
  {
    name: "a route of a pattern",
    routes: [route("default", "gpt-*")],
    want: "Served are names that begin as gpt-* says; ask for one of them.",
  },
  {
    name: "a route whose rules are for other pods",
    routes: [route("sidegate-system", "smart")],
    want:
      "No AIRoute of namespace default serves a model to this pod: see its rules, and the " +
      "ModelPolicies.",
  },
])("$name", ({ want, ...more }) => {
  expect(whyNoModel({ ...none, ...more })).toBe(want)
})
