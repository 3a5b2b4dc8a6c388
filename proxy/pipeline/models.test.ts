import { expect, test } from "vitest"
import {
  makeBackend,
  makeRule,
  makeRuntime,
  makeSnapshot,
} from "#proxy/runtime/samples.test-data.ts"
import { handleModel, handleModels } from "./models.ts"
import { PIPELINE_SETTINGS } from "./settings.ts"
import { createWorld, makeRaw } from "./world.test-data.ts"

const deny = [{ policy: "org", name: "no", models: ["secret*"], providers: [] }]
const { providers } = makeSnapshot()
const one = providers["one"]
const RUNTIME = makeRuntime({
  access: { kind: "rules", deny, allow: [], otherwise: "Allow", decidedBy: [] },
  providers: {
    ...providers,
    ...(one === undefined ? {} : { off: { ...one, name: "off", disabled: true } }),
  },
  routes: [
    { name: "search/chat", rules: [makeRule()] },
    {
      name: "search/own-names",
      rules: [makeRule({ backends: [makeBackend("one", { model: null })] })],
    },
    { name: "search/off", rules: [makeRule({ backends: [makeBackend("off")] })] },
    { name: "search/elsewhere", rules: [] },
  ],
  models: {
    exact: { smart: 0, "meta/llama-3": 0, secret: 1, open: 1, off: 2, elsewhere: 3 },
    prefixes: [
      { prefix: "gpt-", route: 0 },
      { prefix: "s", route: 1 },
    ],
  },
})

const get = (
  path: string,
  { handle = handleModel, headers = {}, runtime = RUNTIME as typeof RUNTIME | null } = {},
) => {
  const world = createWorld({ scripts: [] })
  const raw = makeRaw("", { method: "GET", path, headers })
  const context = { ports: world.ports, settings: PIPELINE_SETTINGS }
  handle({ runtime, raw, client: world.client }, context)
  expect(world.records).toHaveLength(1)
  expect(world.client.end_).toBe("ended")
  return {
    status: world.client.status,
    body: JSON.parse(world.client.body),
    label: world.records[0]?.modelLabel,
    operation: world.records[0]?.operation,
  }
}

test("GET /v1/models lists what the caller may use, patterns left out", () => {
  const { body } = get("/v1/models", { handle: handleModels })
  const ids = body.data.map((model: { id: string }) => model.id)
  expect(ids).toEqual(["meta/llama-3", "open", "smart"])
})

test.each([
  { name: "one of the list", path: "/v1/models/smart", id: "smart", label: "smart" },
  { name: "a name with a slash", path: "/v1/models/meta/llama-3", id: "meta/llama-3" },
  { name: "the same, encoded", path: "/v1/models/meta%2Fllama-3", id: "meta/llama-3" },
  { name: "a name that a pattern serves", path: "/v1/models/gpt-4o", id: "gpt-4o", label: "gpt-*" },
  { name: "a name with a colon", path: "/v1/models/gpt-oss:20b", id: "gpt-oss:20b" },
  { name: "a name beyond ASCII", path: "/v1/models/gpt-%C3%A9", id: "gpt-é", label: "gpt-*" },
])("$name answers", ({ path, id, label }) => {
  const got = get(path)
  expect(got.status).toBe(200)
  expect(got.body).toEqual({ id, object: "model", created: 0, owned_by: "sidegate" })
  if (label !== undefined) expect(got.label).toBe(label)
})

test("records tell a list from one model, answered or not", () => {
  const { operation } = get("/v1/models", { handle: handleModels })
  const one = ["/v1/models/smart", "/v1beta/models/smart", "/v1/models/nobody"].map((path) => {
    return get(path).operation
  })
  expect([operation, ...new Set(one)]).toEqual(["list_models", "retrieve_model"])
})

test("each kind of client reads its own shape", () => {
  const anthropic = { "anthropic-version": "2023-06-01" }
  expect(get("/v1/models/smart", { headers: anthropic }).body).toEqual({
    type: "model",
    id: "smart",
    display_name: "smart",
    created_at: "1970-01-01T00:00:00Z",
    capabilities: null,
    max_input_tokens: null,
    max_tokens: null,
  })
  expect(get("/v1beta/models/smart").body).toEqual({
    name: "models/smart",
    displayName: "smart",
    supportedGenerationMethods: [
      ...["generateContent", "countTokens", "embedContent", "batchEmbedContents"],
    ],
  })
  expect(get("/v1/models/nobody", { headers: anthropic }).body).toMatchObject({
    type: "error",
    error: { type: "not_found_error", message: expect.stringContaining("nobody") },
  })
  expect(get("/v1beta/models/nobody").body).toMatchObject({
    error: { code: 404, status: "NOT_FOUND", message: expect.stringContaining("nobody") },
  })
})

test.each([
  {
    name: "one that no route names",
    path: "/v1/models/nobody",
    status: 404,
    code: "model_not_found",
    says: 'no AIRoute names model "nobody"; models here: meta/llama-3, open, smart',
  },
  {
    name: "one that a policy denies",
    path: "/v1/models/secret",
    status: 403,
    code: "model_denied",
    says: "ModelPolicy org, rule no",
  },
  {
    name: "one that a pattern serves and a policy denies",
    path: "/v1/models/secret-2",
    status: 403,
    code: "model_denied",
    says: "ModelPolicy org, rule no",
  },
  {
    name: "one whose backend is switched off",
    path: "/v1/models/off",
    status: 502,
    code: "upstream_failed",
    says: "AIProvider off is disabled",
  },
  {
    name: "one that no rule serves here",
    path: "/v1/models/elsewhere",
    status: 404,
    code: "model_not_found",
    says: "none of its rules matches",
  },
  {
    name: "a name that is not percent-encoding",
    path: "/v1/models/%ff",
    status: 400,
    code: "invalid_value",
    says: "percent-encoding",
  },
  {
    name: "a name of 257 characters",
    path: `/v1/models/${"a".repeat(257)}`,
    status: 400,
    code: "invalid_value",
    says: "the limit is 256",
  },
  {
    name: "a name with a line break",
    path: "/v1/models/a%0Ab",
    status: 400,
    code: "invalid_value",
    says: "control characters",
  },
])("$name is refused as a call is", ({ path, status, code, says }) => {
  const got = get(path)
  expect(got.status).toBe(status)
  expect(got.body.error).toMatchObject({ code, message: expect.stringContaining(says) })
})

test("no configuration yet is 503, whatever the name", () => {
  expect(get("/v1/models/%ff", { runtime: null })).toMatchObject({
    status: 503,
    body: { error: { code: "config_not_ready" } },
  })
})

test("a broken policy refuses every name", () => {
  const access = { kind: "invalid", policy: "org", field: "spec.deny", message: "is bad" } as const
  const runtime = makeRuntime({ access })
  expect(get("/v1/models/smart", { runtime })).toMatchObject({
    status: 403,
    body: { error: { code: "policy_invalid" } },
  })
})
