import { expect, test } from "vitest"
import { readConfigEvent } from "./read-messages.ts"

const at = { provider: "bedrock", origin: "https://a.example" }
const key = { ...at, value: "k" }
const bearer = { kind: "bearer", ...at, value: "t", expiresAt: 5 }
const aws = {
  kind: "aws",
  ...at,
  accessKeyId: "id",
  secretAccessKey: "secret",
  sessionToken: null,
  region: "eu-central-1",
  service: "bedrock",
  expiresAt: 5,
}
const push = (entries: unknown, temporary?: unknown) => ({
  revision: "r",
  entries,
  ...(temporary === undefined ? {} : { temporary }),
})

const cases = [
  {
    name: "an operator that knows keys alone is understood",
    data: push([key]),
    want: { revision: "r", entries: [{ kind: "key", ...key }], temporary: [], pending: [] },
  },
  {
    name: "every kind is read",
    data: {
      ...push([{ kind: "key", ...key }], [bearer, aws, { ...aws, sessionToken: "s" }]),
      pending: ["vertex"],
    },
    want: {
      revision: "r",
      entries: [{ kind: "key", ...key }],
      temporary: [bearer, aws, { ...aws, sessionToken: "s" }],
      pending: ["vertex"],
    },
  },
  {
    name: "a kind of a later release is left out and harms no other",
    data: push([key], [{ kind: "quantum", ...at }, bearer]),
    want: { revision: "r", entries: [{ kind: "key", ...key }], temporary: [bearer], pending: [] },
  },
  { name: "a key without a value is no message", data: push([at]), want: undefined },
  { name: "nor a token that never ends", data: push([], [{ ...bearer, expiresAt: null }]) },
  { name: "nor keys of AWS without a region", data: push([], [{ ...aws, region: undefined }]) },
  { name: "nor a session token that is a number", data: push([], [{ ...aws, sessionToken: 1 }]) },
  { name: "nor an entry without a kind", data: push([], [key]) },
]
test.each(cases)("$name", ({ data, want }) => {
  const event = readConfigEvent("credentials", data)
  expect(event).toEqual(want === undefined ? undefined : { event: "credentials", data: want })
})

/** How release 0.1.0 reads a push, line by line: it must still find its keys. */
test("the release before finds the plain keys where it looks for them", () => {
  const sent = push([{ kind: "key", ...key }], [bearer, aws])
  const entries = sent.entries as readonly Record<string, unknown>[]
  const read = entries.map(({ provider, origin, value }) => ({ provider, origin, value }))
  expect(read).toEqual([key])
})
