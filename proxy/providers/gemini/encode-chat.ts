/**
 * A chat request in the intermediate form as a generateContent body; the model is in the path.
 *
 * Source: Gemini API reference, "Generating content". Schemas go as JSON schema.
 */
import { type JsonValue, writeJson } from "#proxy/contract/json-write.ts"
import type { ChatRequest, OutputFormat } from "#proxy/exchange/chat-request.ts"
import type { Decision } from "#proxy/exchange/parsed-request.ts"
import { readBody } from "#proxy/exchange/read-body.ts"
import type { EncodeContext } from "../adapter.ts"
import { describeSchema } from "../describe-schema.ts"
import { splitSystem } from "../split-system.ts"
import { encodeContents, encodeSystem } from "./encode-contents.ts"
import { encodeSchema } from "./encode-schema.ts"
import { planThinking } from "./plan-thinking.ts"

export function encodeChat(chat: ChatRequest, context: EncodeContext): Decision<string> {
  return readBody(() => writeJson(bodyOf(chat, context)))
}

function bodyOf(chat: ChatRequest, context: EncodeContext): JsonValue {
  const { prompt, turns } = splitSystem(chat.messages)
  return {
    systemInstruction: encodeSystem(prompt),
    contents: encodeContents(turns, context),
    tools: chat.tools.length === 0 ? undefined : [{ functionDeclarations: encodeTools(chat) }],
    toolConfig: encodeToolChoice(chat),
    safetySettings: chat.safetySettings ?? undefined,
    generationConfig: {
      maxOutputTokens: chat.maxOutputTokens ?? undefined,
      temperature: chat.temperature ?? undefined,
      topP: chat.topP ?? undefined,
      topK: chat.topK ?? undefined,
      frequencyPenalty: chat.frequencyPenalty ?? undefined,
      presencePenalty: chat.presencePenalty ?? undefined,
      seed: chat.seed ?? undefined,
      stopSequences: chat.stop.length === 0 ? undefined : chat.stop,
      candidateCount: chat.choices === 1 ? undefined : chat.choices,
      responseLogprobs: chat.logprobs === null ? undefined : true,
      logprobs: chat.logprobs === null || chat.logprobs === 0 ? undefined : chat.logprobs,
      responseModalities: chat.mayShowImages ? ["TEXT", "IMAGE"] : undefined,
      ...formatOf(chat.outputFormat),
      thinkingConfig: planThinking(chat, context),
    },
  }
}

function encodeTools(chat: ChatRequest): readonly JsonValue[] {
  return chat.tools.map(({ name, description, parameters }) => ({
    name,
    description: description ?? undefined,
    parametersJsonSchema: parameters === null ? undefined : encodeSchema(parameters),
  }))
}

function encodeToolChoice({ toolChoice }: ChatRequest): JsonValue | undefined {
  if (toolChoice === null) return undefined
  const config = (mode: string, names?: readonly string[]) => ({
    functionCallingConfig: { mode, allowedFunctionNames: names },
  })
  switch (toolChoice.kind) {
    case "auto":
      return config("AUTO")
    case "none":
      return config("NONE")
    case "required":
      return config("ANY")
    case "named":
      return config("ANY", [toolChoice.name])
  }
}

function formatOf(format: OutputFormat | null): Readonly<Record<string, JsonValue | undefined>> {
  if (format === null) return {}
  return {
    responseMimeType: "application/json",
    responseJsonSchema:
      format.kind === "json-schema" ? encodeSchema(describeSchema(format)) : undefined,
  }
}
