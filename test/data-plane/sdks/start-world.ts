/** A gateway as a real process before five providers: what an SDK is given, and what arrived. */
import { fileURLToPath } from "node:url"
import { ENVIRONMENT } from "#operator/inject/environment.ts"
import { startProgram } from "#test/process/program.ts"
import { manifestsOf } from "../manifests.ts"
import { startStandalone } from "../start-standalone.ts"
import type { UpstreamAttempt } from "./provider-upstream.ts"
import { UPSTREAM_SCHEMAS, type UpstreamSchema } from "./provider-wires.ts"

export interface SdkWorld {
  /** Exactly what the operator gives a pod, with this gateway's port. */
  readonly environment: Readonly<Record<string, string>>
  /** A prompt of its own, with what is wished of the upstream. */
  readonly prompt: (wish?: string) => Prompt
  /** What arrived at the upstream of that prompt. */
  readonly attempts: (prompt: Prompt) => Promise<readonly UpstreamAttempt[]>
  readonly stop: () => Promise<void>
}

export interface Prompt {
  readonly tag: string
  readonly text: string
}

const MODELS: Readonly<Record<UpstreamSchema, string>> = {
  OpenAI: "gpt-4o",
  Anthropic: "claude-sonnet-4-5",
  Gemini: "gemini-2.5-flash",
  Bedrock: "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
  Cohere: "command-a-03-2025",
}

/**
 * What clients ask for to reach that schema. A second name begins as a model of Anthropic's does,
 * for an SDK that looks at names to choose what it sends.
 */
export function modelOf(schema: UpstreamSchema): string {
  return `on-${schema.toLowerCase()}`
}

/** All that the route of a schema names: one holds a slash, the last is a pattern. */
export function namesOf(schema: UpstreamSchema): readonly string[] {
  const name = modelOf(schema)
  return [name, `claude-sonnet-4-5-${name}`, `vendor/${name}`, `any-${name}-*`]
}

export async function startSdkWorld(): Promise<SdkWorld> {
  const program = fileURLToPath(new URL("./provider-upstream.ts", import.meta.url))
  const upstream = await startProgram({ name: "providers", args: [program] })
  const [, port] = await upstream.waitForLine(/^providers (\d+)$/, 60_000)
  const origin = `http://127.0.0.1:${port}`
  const files = Object.fromEntries(
    UPSTREAM_SCHEMAS.map((schema) => [`${schema}.yaml`, manifests(schema, origin)]),
  )
  const standalone = await startStandalone({ files })
  let prompts = 0
  return {
    environment: Object.fromEntries(
      Object.entries(ENVIRONMENT).map(([name, value]) => [
        name,
        value.replace("http://127.0.0.1:4141", standalone.origin),
      ]),
    ),
    prompt: (wish) => {
      prompts += 1
      const tag = `t${prompts}`
      return { tag, text: `Hello #${wish === undefined ? tag : `${tag} ${wish}`}#` }
    },
    attempts: async ({ tag }) => {
      const answer = await fetch(`${origin}/attempts/${tag}`)
      return (await answer.json()) as readonly UpstreamAttempt[]
    },
    stop: async () => {
      await standalone.program.stop()
      await upstream.stop()
    },
  }
}

function manifests(schema: UpstreamSchema, origin: string): string {
  const name = schema.toLowerCase()
  const path = schema === "OpenAI" ? "/openai/v1" : `/${name}`
  const region = schema === "Bedrock" ? "\nbedrock: {region: eu-central-1}" : ""
  const secret = `
apiVersion: v1
kind: Secret
metadata:
  name: ${name}-key
  namespace: sidegate-system
  annotations: {sidegate.dev/allowed-hosts: 127.0.0.1}
type: sidegate.dev/provider-credential
stringData: {api-key: key-of-${name}}
`
  const credentials = `{type: Secret, secret: {name: ${name}-key, key: api-key}}`
  const served = manifestsOf({
    name,
    spec: `schema: ${schema}\ncredentials: ${credentials}${region}`,
    endpoint: `${origin}${path}`,
    models: namesOf(schema),
    served: MODELS[schema],
  })
  return `${secret}---${served}`
}
