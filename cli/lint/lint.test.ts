import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { formatFinding, lintFiles } from "./lint.ts"
import { runLint } from "./run-lint.ts"

const made: string[] = []
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true })
})

const HEAD = "apiVersion: sidegate.dev/v1alpha1\n"
const PROVIDER = `${HEAD}kind: AIProvider
metadata: {name: openai}
spec:
  schema: OpenAI
  endpoint: https://api.openai.com/v1
  allowedNamespaces: {from: All}
`
const route = (name: string, rest = ""): string => `${HEAD}kind: AIRoute
metadata: {name: ${name}, namespace: search}
spec:
  models: [gpt-4o]
  rules: [{name: all, backends: [{provider: openai}]}]
${rest}`
const KEY = `apiVersion: v1
kind: Secret
metadata:
  name: openai-key
  namespace: sidegate-system
  annotations: {sidegate.dev/allowed-hosts: HOST}
type: sidegate.dev/provider-credential
stringData: {api-key: "\${OPENAI_API_KEY}"}
`
const WITH_KEY = `${PROVIDER}  credentials:
    type: Secret
    secret: {name: openai-key, key: api-key}
`

const cases: readonly {
  readonly name: string
  readonly documents: readonly string[]
  readonly want: readonly string[]
}[] = [
  { name: "a route and its provider are in order", documents: [PROVIDER, route("chat")], want: [] },
  {
    name: "every fault of an object is told with the line and the path of its field",
    documents: [PROVIDER, route("chat", "  namespaces: {from: Some}\n").replace("[gpt-4o]", "[]")],
    want: [
      "a.yaml:13: AIRoute search/chat: spec.models: Invalid value: 0: spec.models in body " +
        "should have at least 1 items",
      'a.yaml:15: AIRoute search/chat: spec.namespaces.from: Unsupported value: "Some": ' +
        'supported values: "All", "Selector"',
    ],
  },
  {
    name: "a misspelt field is told with what was meant, and the other faults beside it",
    documents: [PROVIDER.replace("endpoint", "endpont").replace("OpenAI", "OpenAi")],
    want: [
      'a.yaml:5: AIProvider openai: spec.schema: Unsupported value: "OpenAi": ',
      'a.yaml:6: AIProvider openai: spec.endpont: unknown field "spec.endpont"; did you mean ' +
        "endpoint?",
    ],
  },
  {
    name: "an unquoted on is the field true, as YAML 1.1 has it",
    documents: [`${PROVIDER}  on: 1\n`],
    want: ['a.yaml:8: AIProvider openai: spec.true: unknown field "spec.true"'],
  },
  {
    name: "a rule of the CRD is evaluated",
    documents: [PROVIDER.replace("https://api.openai.com/v1", "http://vllm.models.svc")],
    want: [
      "a.yaml:6: AIProvider openai: spec.endpoint: Invalid value: with network Public the " +
        "endpoint must be https with a public host name in ASCII; ",
    ],
  },
  {
    name: "a provider that is not among the files may be in the cluster: a warning",
    documents: [route("chat")],
    want: ["a.yaml:6: warning: AIRoute search/chat: ResolvedRefs: BackendNotFound: "],
  },
  {
    name: "a route that a policy leaves no backend for: a warning",
    documents: [
      PROVIDER,
      route("chat"),
      `${HEAD}kind: ModelPolicy\nmetadata: {name: org}\n` +
        "spec: {targets: {namespaces: {from: All}}, models: {default: Deny}}\n",
    ],
    want: ["a.yaml:14: warning: AIRoute search/chat: ResolvedRefs: BackendDenied: "],
  },
  {
    name: "two routes for one model conflict, and the later one loses",
    documents: [PROVIDER, route("chat"), route("late")],
    want: ["a.yaml:16: AIRoute search/late: Accepted: Conflicted: "],
  },
  {
    name: "a key that comes from the environment counts as given",
    documents: [WITH_KEY, KEY.replace("HOST", "api.openai.com"), route("chat")],
    want: [],
  },
  {
    name: "a key that must not go to the endpoint's host is an error on the provider, once",
    documents: [WITH_KEY, KEY.replace("HOST", "api.anthropic.com"), route("chat")],
    want: ["a.yaml:1: AIProvider openai: ResolvedRefs: HostNotPermitted: "],
  },
  {
    name: "a Secret that is not among the files is a warning",
    documents: [WITH_KEY],
    want: ["a.yaml:10: warning: AIProvider openai: ResolvedRefs: SecretNotFound: "],
  },
  {
    name: "a key that is a number, which the API server refuses",
    documents: [KEY.replace(/"\$\{.*\}"/, "12345")],
    want: [
      "a.yaml:8: Secret sidegate-system/openai-key: stringData.api-key: must be text: write it in " +
        "quotes",
    ],
  },
  {
    name: "teams that are each other's parent are told",
    documents: ["a", "b"].map(
      (name) =>
        `${HEAD}kind: TeamQuota\nmetadata: {name: ${name}}\n` +
        `spec: {parent: ${name === "a" ? "b" : "a"}}\n`,
    ),
    want: [
      "a.yaml:4: TeamQuota a: Accepted: Invalid: ",
      "a.yaml:9: TeamQuota b: Accepted: Invalid: ",
    ],
  },
  {
    name: "an object that is written twice",
    documents: [PROVIDER, PROVIDER],
    want: ["a.yaml:11: AIProvider openai: metadata.name: is already in a.yaml:1"],
  },
  {
    name: "a kind that there is not",
    documents: [`${HEAD}kind: AIRouter\nmetadata: {name: a}\nspec: {}\n`],
    want: ["a.yaml:2: AIRouter a: kind: no kind AIRouter in sidegate.dev/v1alpha1; "],
  },
  {
    name: "a kind that the operator writes: a warning",
    documents: [`${HEAD}kind: AINamespace\nmetadata: {name: default, namespace: search}\n`],
    want: [
      "a.yaml:2: warning: AINamespace search/default: kind: AINamespace is written by the operator",
    ],
  },
  {
    name: "and under another name it would be refused",
    documents: [`${HEAD}kind: AINamespace\nmetadata: {name: mine, namespace: search}\n`],
    want: ["a.yaml:3: AINamespace search/mine: metadata.name: Invalid value: a namespace has one"],
  },
  {
    name: "a version that there is not",
    documents: [PROVIDER.replace("v1alpha1", "v1")],
    want: ["a.yaml:2: AIProvider openai: kind: no kind AIProvider in sidegate.dev/v1; "],
  },
  {
    name: "text that is no object, and the objects around it are judged all the same",
    documents: ["hello\n", PROVIDER.replace("OpenAI", "openai")],
    want: [
      "a.yaml:1: not a Kubernetes object: apiVersion or kind is missing",
      'a.yaml:7: AIProvider openai: spec.schema: Unsupported value: "openai": ',
    ],
  },
  {
    name: "objects of others are left alone",
    documents: ["apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {x: 1}\n"],
    want: [],
  },
]

test.each(cases)("$name", ({ documents, want }) => {
  const text = documents.join("---\n")
  const lines = lintFiles([{ path: "a.yaml", text }]).findings.map(formatFinding)
  expect(lines).toEqual(want.map((start) => expect.stringContaining(start)))
})

function makeFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "sidegate-lint-"))
  made.push(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

test("the command names files as they can be opened, and takes one alone", () => {
  const folder = makeFolder({ "a.yaml": PROVIDER, "b.yaml": "kind: [" })
  const linesOf = (path: string): readonly string[] => {
    const lines: string[] = []
    runLint(path, (line) => lines.push(line))
    return lines
  }
  const broken = `${folder}/b.yaml:1: Flow sequence in block collection must be `
  expect(linesOf(folder)).toEqual([
    expect.stringContaining(broken),
    "1 objects in 2 files, 1 errors, 0 warnings",
  ])
  expect(linesOf(join(folder, "b.yaml"))).toEqual([
    expect.stringContaining(broken),
    "0 objects in 1 files, 1 errors, 0 warnings",
  ])
})

test("a folder without manifests, as a wrong path has none, is an error", () => {
  const folder = makeFolder({ "notes.txt": "hello" })
  expect(() => runLint(folder, () => undefined)).toThrow(
    `${folder} holds no manifests (.yaml, .yml, .json)`,
  )
})

test("the command prints findings and their sum; only an error makes it fail", () => {
  const folder = makeFolder({})
  const run = (text: string): { readonly code: number; readonly lines: readonly string[] } => {
    writeFileSync(join(folder, "a.yaml"), text)
    const lines: string[] = []
    return { code: runLint(folder, (line) => lines.push(line)), lines }
  }
  const sum = "1 objects in 1 files"
  expect(run(PROVIDER)).toEqual({ code: 0, lines: [`${sum}, 0 errors, 0 warnings`] })
  const warned = run(route("chat"))
  expect([warned.code, warned.lines.at(-1)]).toEqual([0, `${sum}, 0 errors, 1 warnings`])
  const wrong = run(PROVIDER.replace("OpenAI", "openai"))
  expect([wrong.code, wrong.lines.at(-1)]).toEqual([1, `${sum}, 1 errors, 0 warnings`])
})
