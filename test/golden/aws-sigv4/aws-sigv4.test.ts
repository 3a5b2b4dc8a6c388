import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import {
  type AwsKeys,
  canonicalRequest,
  dayOf,
  deriveKey,
  type SignableRequest,
  signAws,
} from "#proxy/upstream/sign-aws.ts"

const VECTORS = join(import.meta.dirname, "vectors")

/** `normalize: false` signs paths as S3 does, which alone does so; nothing of ours talks to S3. */
const isForS3 = (name: string): boolean => name.endsWith("-unnormalized")
/** Without a context: only how their path is encoded is published. */
const PATHS_ONLY = ["double-encode-path", "double-url-encode"]

const read = (name: string, file: string): string => readFileSync(join(VECTORS, name, file), "utf8")

interface Vector {
  readonly request: SignableRequest
  readonly keys: AwsKeys
  readonly now: number
}

/** The request as it was sent, without the headers that signing adds. */
function readVector(name: string): Vector {
  const context = JSON.parse(read(name, "context.json")) as {
    readonly credentials: Readonly<Record<string, string>>
    readonly region: string
    readonly service: string
    readonly timestamp: string
    /** The token is added after signing, unsigned: as if there were none. */
    readonly omit_session_token?: boolean
  }
  const { access_key_id: id = "", secret_access_key: secret = "", token } = context.credentials
  return {
    request: readRequest(read(name, "header-signed-request.txt")),
    keys: {
      accessKeyId: id,
      secretAccessKey: secret,
      sessionToken: context.omit_session_token === true ? null : (token ?? null),
      region: context.region,
      service: context.service,
    },
    now: Date.parse(context.timestamp),
  }
}

const ADDED = new Set(["authorization", "x-amz-date", "x-amz-security-token", "host"])

function readRequest(text: string): SignableRequest {
  const [head = "", body = ""] = text.split("\n\n")
  const [line = "", ...fields] = head.trimEnd().replaceAll(/\n\s+/g, " ").split("\n")
  const [, method = "", path = ""] = /^(\S+) (.*) HTTP\/1\.1$/.exec(line) ?? []
  const all = fields.map((field) => {
    const [name = "", ...value] = field.split(":")
    return [name.toLowerCase(), value.join(":")] as const
  })
  const host = all.find(([name]) => name === "host")?.[1]
  const headers = all.filter(([name]) => !ADDED.has(name)).flat()
  return { method, origin: `https://${host}`, path, headers, body }
}

const names = readdirSync(VECTORS).filter((name) => existsSync(join(VECTORS, name, "context.json")))

describe("a published vector is signed as AWS signs it", () => {
  test.each(names.filter((name) => !isForS3(name)))("%s", (name) => {
    const { request, keys, now } = readVector(name)
    const added = signAws(request, keys, deriveKey(keys, dayOf(now)), now)
    const { text } = canonicalRequest(request, added)
    expect(text).toBe(read(name, "header-canonical-request.txt"))
    const signature = read(name, "header-signature.txt")
    expect(added.at(-1)).toMatch(new RegExp(`, Signature=${signature}$`))
    expect(read(name, "header-signed-request.txt")).toContain(`Authorization:${added.at(-1)}`)
  })

  test("all of the suite are among them, but for those of S3", () => {
    expect([names.length, names.filter(isForS3).length]).toEqual([38, 7])
  })
})

test.each(PATHS_ONLY)("a path that is encoded already is encoded once more: %s", (name) => {
  const request = readRequest(read(name, "request.txt"))
  const { text } = canonicalRequest(request, ["x-amz-date", "20210511T154045Z"])
  expect(text).toBe(read(name, "header-canonical-request.txt"))
})

const bedrock = [
  {
    name: "a model id with a colon, sent encoded",
    path: "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
    signed: "/model/anthropic.claude-sonnet-4-5-20250929-v1%253A0/converse",
  },
  {
    name: "a model id with a colon, sent as it is",
    path: "/model/anthropic.claude-sonnet-4-5-20250929-v1:0/converse-stream",
    signed: "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream",
  },
  {
    name: "an inference profile by its ARN, one segment with slashes",
    path:
      "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Aapplication-inference-profile" +
      "%2Fab12/converse",
    signed:
      "/model/arn%253Aaws%253Abedrock%253Aeu-central-1%253A123456789012%253Aapplication-" +
      "inference-profile%252Fab12/converse",
  },
]
test.each(bedrock)("Bedrock: $name", ({ path, signed }) => {
  const origin = "https://bedrock-runtime.eu-central-1.amazonaws.com"
  const request = { method: "POST", origin, path, headers: [], body: "{}" }
  expect(canonicalRequest(request, []).text.split("\n")[1]).toBe(signed)
})
