import { describe, expect, test } from "vitest"
import { parseChat } from "./parse-chat.ts"

const LIMITS = {
  requestJson: { bytesMax: 1 << 20, depthMax: 64, tokensMax: 100_000 },
  messagesMax: 100,
  toolsMax: 8,
  outputTokensDefault: 1024,
}
const USER = { role: "user", content: "Hello" }
const CHAT = { model: "smart", messages: [USER] }

const parse = (body: unknown) => {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  return parseChat(new TextEncoder().encode(text), LIMITS)
}
const withMessage = (message: unknown): unknown => ({ ...CHAT, messages: [USER, message] })
const image = (url: string): unknown =>
  withMessage({ role: "user", content: [{ type: "image_url", image_url: { url } }] })

const ACCEPTED = [
  ["the smallest request", CHAT],
  [
    "every role",
    {
      ...CHAT,
      messages: ["system", "developer", "user", "tool"].map((role) => ({ role, content: "x" })),
    },
  ],
  [
    "a list of parts",
    withMessage({ role: "user", content: [{ type: "text", text: "x" }, { type: "input_audio" }] }),
  ],
  [
    "an assistant that only calls",
    withMessage({ role: "assistant", content: null, tool_calls: [{ id: "a" }] }),
  ],
  ["an assistant without content that calls", withMessage({ role: "assistant", tool_calls: [{}] })],
  ["an https image", image("https://example.com/a.png")],
  ["an inline image", image("data:image/png;base64,AAAA")],
  [
    "a large inline image with escaped slashes, as PHP writes it",
    JSON.stringify(image(`data:image/png;base64,${"A/".repeat(9000)}`)).replaceAll("/", "\\/"),
  ],
  ["an inline image in capitals", image(`DATA:IMAGE/PNG;base64,${"A".repeat(9000)}`)],
  [
    "null wherever a field may be absent",
    {
      ...CHAT,
      max_tokens: null,
      temperature: null,
      stop: null,
      tools: null,
      stream: null,
      stream_options: null,
      n: null,
    },
  ],
  ["fields it does not know", { ...CHAT, x_new: { api: { bases: 1 } }, metadata: { a: "b" } }],
  [
    "forbidden names as parameters of a tool",
    {
      ...CHAT,
      tools: [{ function: { parameters: { properties: { api_key: {}, base_url: {} } } } }],
    },
  ],
  [
    "forbidden names in a schema for the answer",
    { ...CHAT, response_format: { json_schema: { schema: { properties: { organization: {} } } } } },
  ],
  [
    "odd text, as plain data",
    {
      ...CHAT,
      user: "\u202e\u0000é😀",
      messages: [{ role: "user", content: "\u0000\u202e'; DROP" }],
    },
  ],
  [
    "__proto__ as a plain key",
    '{"model":"smart","__proto__":{"x":1},"messages":[{"role":"user","content":"x"}]}',
  ],
  ["the largest count", { ...CHAT, max_completion_tokens: 100_000_000, n: 128 }],
  [
    "an exponent that makes an integer",
    '{"model":"smart","max_tokens":1e2,"messages":[{"role":"user","content":"x"}]}',
  ],
] as const

test.each(ACCEPTED)("accepts %s", (_name, body) => {
  const parsed = parse(body)
  expect(parsed.ok ? "ok" : parsed.refusal.message).toBe("ok")
})

const REFUSED = [
  ["a body that is a list", [], "invalid_value", null],
  ["no model", { messages: [USER] }, "invalid_value", "model"],
  ["an empty model", { ...CHAT, model: "" }, "invalid_value", "model"],
  ["a model of 10 kB", { ...CHAT, model: "x".repeat(10_000) }, "invalid_value", "model"],
  ["a model with a line feed", { ...CHAT, model: "a\nb" }, "invalid_value", "model"],
  ["a model that is a number", { ...CHAT, model: 1 }, "invalid_value", "model"],
  ["no messages", { model: "smart" }, "invalid_value", "messages"],
  ["messages null", { ...CHAT, messages: null }, "invalid_value", "messages"],
  ["messages empty", { ...CHAT, messages: [] }, "invalid_value", "messages"],
  ["messages as text", { ...CHAT, messages: "hi" }, "invalid_value", "messages"],
  ["a message that is text", withMessage("hi"), "invalid_value", "/messages/1"],
  ["a message without role", withMessage({ content: "x" }), "invalid_value", "/messages/1/role"],
  [
    "a role that is a number",
    withMessage({ role: 1, content: "x" }),
    "invalid_value",
    "/messages/1/role",
  ],
  [
    "an unknown role",
    withMessage({ role: "root", content: "x" }),
    "invalid_value",
    "/messages/1/role",
  ],
  [
    "content null without calls",
    withMessage({ role: "assistant", content: null }),
    "invalid_value",
    "/messages/1/content",
  ],
  ["content missing", withMessage({ role: "user" }), "invalid_value", "/messages/1/content"],
  [
    "content as a number",
    withMessage({ role: "user", content: 1 }),
    "invalid_value",
    "/messages/1/content",
  ],
  [
    "a part that is text",
    withMessage({ role: "user", content: ["x"] }),
    "invalid_value",
    "/messages/1/content/0",
  ],
  [
    "a part without type",
    withMessage({ role: "user", content: [{ text: "x" }] }),
    "invalid_value",
    "/messages/1/content/0/type",
  ],
  [
    "a text part without text",
    withMessage({ role: "user", content: [{ type: "text" }] }),
    "invalid_value",
    "/messages/1/content/0/text",
  ],
  [
    "too many messages",
    { ...CHAT, messages: Array(101).fill(USER) },
    "too_many_messages",
    "messages",
  ],
  [
    "max_tokens 1e400",
    '{"max_tokens":1e400,"model":"m","messages":[]}',
    "invalid_value",
    "max_tokens",
  ],
  ["max_tokens negative", { ...CHAT, max_tokens: -1 }, "invalid_value", "max_tokens"],
  ["max_tokens zero", { ...CHAT, max_tokens: 0 }, "invalid_value", "max_tokens"],
  ["max_tokens a fraction", { ...CHAT, max_tokens: 1.5 }, "invalid_value", "max_tokens"],
  ["max_tokens text", { ...CHAT, max_tokens: "100" }, "invalid_value", "max_tokens"],
  ["max_tokens true", { ...CHAT, max_tokens: true }, "invalid_value", "max_tokens"],
  [
    "max_tokens beyond 2^53",
    '{"max_tokens":9007199254740993,"model":"m","messages":[{"role":"user","content":"x"}]}',
    "invalid_value",
    "max_tokens",
  ],
  ["n zero", { ...CHAT, n: 0 }, "invalid_value", "n"],
  ["n 10,000", { ...CHAT, n: 10_000 }, "invalid_value", "n"],
  ["temperature hot", { ...CHAT, temperature: "hot" }, "invalid_value", "temperature"],
  ["temperature 3", { ...CHAT, temperature: 3 }, "invalid_value", "temperature"],
  ["top_p 1.1", { ...CHAT, top_p: 1.1 }, "invalid_value", "top_p"],
  ["stream yes", { ...CHAT, stream: "yes" }, "invalid_value", "stream"],
  ["stream_options a list", { ...CHAT, stream_options: [] }, "invalid_value", "stream_options"],
  [
    "include_usage a number",
    { ...CHAT, stream_options: { include_usage: 1 } },
    "invalid_value",
    "/stream_options/include_usage",
  ],
  ["stop with 1,000 entries", { ...CHAT, stop: Array(1000).fill("x") }, "invalid_value", "stop"],
  ["stop with numbers", { ...CHAT, stop: [1] }, "invalid_value", "stop"],
  ["tools as an object", { ...CHAT, tools: {} }, "invalid_value", "tools"],
  ["too many tools", { ...CHAT, tools: Array(9).fill({}) }, "invalid_value", "tools"],
  ["api_base at the top", { ...CHAT, api_base: "http://evil" }, "forbidden_field", "api_base"],
  [
    "base_url nested",
    { ...CHAT, extra_body: { a: [{ base_url: "x" }] } },
    "forbidden_field",
    "/extra_body/a/0/base_url",
  ],
  [
    "api_key in a message",
    withMessage({ role: "user", content: "x", api_key: "k" }),
    "forbidden_field",
    "/messages/1/api_key",
  ],
  [
    "extra_headers, escaped",
    '{"extra\\u005fheaders":{},"model":"m","messages":[{"role":"user","content":"x"}]}',
    "forbidden_field",
    "extra_headers",
  ],
  [
    "organization in metadata",
    { ...CHAT, metadata: { organization: "x" } },
    "forbidden_field",
    "/metadata/organization",
  ],
  ["a duplicate model", '{"model":"a","model":"b"}', "duplicate_key", "/model"],
  [
    "nesting of 65 levels",
    { ...CHAT, x: JSON.parse("[".repeat(65) + "]".repeat(65)) },
    "json_too_deep",
    expect.stringMatching(/^\/x\/0/),
  ],
  [
    "more tokens than the limit",
    { ...CHAT, x: Array(100_000).fill(0) },
    "json_too_many_tokens",
    expect.stringMatching(/^\/x\//),
  ],
  ["more bytes than the limit", { ...CHAT, x: "y".repeat(1 << 20) }, "request_too_large", null],
  ["text that is no JSON", '{"model":"smart",}', "invalid_json", null],
  [
    "a file image",
    image("file:///etc/passwd"),
    "image_url_denied",
    "/messages/1/content/0/image_url/url",
  ],
  [
    "a gopher image",
    image("gopher://example.com/"),
    "image_url_denied",
    "/messages/1/content/0/image_url/url",
  ],
  [
    "the metadata address",
    image("http://169.254.169.254/latest"),
    "image_url_denied",
    expect.anything(),
  ],
  [
    "the metadata address in octal",
    image("http://0251.0376.0251.0376/"),
    "image_url_denied",
    expect.anything(),
  ],
  [
    "the metadata address as a number",
    image("http://2852039166/"),
    "image_url_denied",
    expect.anything(),
  ],
  ["loopback in IPv6", image("http://[::1]/"), "image_url_denied", expect.anything()],
  ["a mapped address", image("http://[::ffff:10.0.0.1]/"), "image_url_denied", expect.anything()],
  ["localhost with a dot", image("http://localhost./"), "image_url_denied", expect.anything()],
  [
    "a service of the cluster",
    image("http://vault.default.svc/"),
    "image_url_denied",
    expect.anything(),
  ],
  [
    "inline data that is no image",
    image("data:text/html,x"),
    "image_url_denied",
    expect.anything(),
  ],
  [
    "an image without url",
    withMessage({ role: "user", content: [{ type: "image_url" }] }),
    "invalid_value",
    "/messages/1/content/0/image_url/url",
  ],
] as const

test.each(REFUSED)("refuses %s", (_name, body, code, param) => {
  const parsed = parse(body)
  expect(parsed).toMatchObject({ ok: false, refusal: { code, param } })
})

test("no refusal echoes more than 64 characters of input", () => {
  const long = "z".repeat(5000)
  for (const body of [withMessage({ role: long, content: "x" }), { ...CHAT, model: long }]) {
    const parsed = parse(body)
    expect(parsed.ok ? "" : parsed.refusal.message).not.toContain("z".repeat(65))
  }
})

describe("what is read", () => {
  const read = (more: object) => {
    const parsed = parse({ ...CHAT, ...more })
    if (!parsed.ok) throw new Error(parsed.refusal.message)
    return parsed.value
  }

  test.each([
    ["the newer name of the user wins", { user: "a", safety_identifier: "b" }, "b"],
    ["the older one is read too", { user: "a" }, "a"],
    ["an empty one is nobody", { user: "" }, null],
    ["one that is no text is nobody", { user: 7 }, null],
    ["a long one is cut in records", { user: "u".repeat(1000) }, "u".repeat(256)],
    [
      "a cut leaves no half of an emoji",
      { user: `${"u".repeat(255)}😀` },
      `${"u".repeat(255)}\ufffd`,
    ],
  ])("%s", (_name, more, user) => {
    expect(read(more).user).toBe(user)
  })

  test.each([
    ["no stream asks for nothing", { stream_options: { include_usage: true } }, [false, false]],
    ["a stream without options", { stream: true }, [true, false]],
    ["a stream that asks", { stream: true, stream_options: { include_usage: true } }, [true, true]],
    [
      "a stream that declines",
      { stream: true, stream_options: { include_usage: false } },
      [true, false],
    ],
  ])("%s", (_name, more, want) => {
    const request = read(more)
    expect([request.isStream, request.wantsUsage]).toEqual(want)
  })
})
