/** The Python SDKs as drivers: one process of Python, asked in lines of JSON. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"
import {
  type Answered,
  type Driver,
  type Embedded,
  type Failed,
  PERSON,
  RESULT,
  TOOLS,
  type ToolsAnswered,
} from "./driver.ts"

const PROGRAM = join(import.meta.dirname, "python/serve.py")

/** What an SDK raised there. */
export class PythonError extends Error {
  readonly status: number | null
  readonly code: string | null
  constructor({ failed, status, code, message }: Failed) {
    super(message)
    this.name = failed
    this.status = status
    this.code = code
  }
}

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: Failed
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

export interface PythonSdks {
  readonly driver: (sdk: PythonSdk) => Driver
  readonly stop: () => void
}

export type PythonSdk = "openai" | "anthropic" | "langchain-openai"

export function startPython(
  python: string,
  environment: Readonly<Record<string, string>>,
): PythonSdks {
  const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...environment }
  const child = spawn(python, [PROGRAM], { env })
  const ask = createAsk(child)
  return { driver: (sdk) => driverOf(sdk, ask), stop: () => child.stdin.end() }
}

type Ask = (question: object) => Promise<unknown>

function createAsk(child: ChildProcessWithoutNullStreams): Ask {
  const waiting = new Map<number, Waiting>()
  let asked = 0
  let errors = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000)
  })
  child.once("close", () => {
    for (const { reject } of waiting.values()) reject(new Error(`Python ended: ${errors}`))
  })
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === "ready") return
    const reply = JSON.parse(line) as Reply
    const found = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (reply.error === undefined) found?.resolve(reply.value)
    else found?.reject(new PythonError(reply.error))
  })
  return (question) =>
    new Promise((resolve, reject) => {
      asked += 1
      waiting.set(asked, { resolve, reject })
      child.stdin.write(`${JSON.stringify({ ...question, id: asked })}\n`)
    })
}

function driverOf(sdk: PythonSdk, ask: Ask): Driver {
  const isAnthropic = sdk === "anthropic"
  const call = async <T>(operation: string, more: object): Promise<T> =>
    (await ask({ sdk, operation, ...more })) as T
  return {
    name: `${sdk} (Python)`,
    stops: isAnthropic
      ? { text: "end_turn", tools: "tool_use" }
      : { text: "stop", tools: "tool_calls" },
    errors: {
      badRequest: "BadRequestError",
      notFound: "NotFoundError",
      rateLimited: "RateLimitError",
      hasCode: !isAnthropic,
    },
    retries: true,
    heedsShouldRetry: true,
    chat: (asking) => call<Answered>("chat", asking),
    callTools: (asking, count) =>
      call<ToolsAnswered>("call_tools", {
        ...asking,
        tools: TOOLS.slice(0, count),
        result: RESULT,
      }),
    structured: (asking) => call<unknown>("structured", { ...asking, schema: PERSON }),
    unsupported: {
      param: isAnthropic ? "inference_geo" : "logit_bias",
      refusedBy: isAnthropic
        ? ["OpenAI", "Gemini", "Bedrock", "Cohere"]
        : ["Anthropic", "Gemini", "Bedrock", "Cohere"],
      ask: (asking) => call<Answered>("unsupported", asking),
    },
    embed: isAnthropic ? null : (model, texts) => call<Embedded>("embed", { model, texts }),
    hidesEmbeddingUsage: sdk === "langchain-openai",
    models:
      sdk === "langchain-openai"
        ? null
        : {
            list: () => call<readonly string[]>("models", {}),
            retrieve: (model) => call<string>("retrieve", { model }),
          },
  }
}
