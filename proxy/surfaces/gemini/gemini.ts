/**
 * `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent` as clients speak them.
 *
 * In: Gemini's request, or an answer in the intermediate form. Out: the request checked, its
 * intermediate form, and answers, pieces and errors in Gemini's shape. A stream is of server-sent
 * events with `alt=sse`, else one JSON array that grows. It must not know who serves. Source:
 * Gemini API reference, "Generating content"; google.rpc.Status for errors.
 */
import type { Surface } from "../surface.ts"
import { geminiOutput } from "./output-fields.ts"
import { parseGenerate } from "./parse-generate.ts"
import { readChat } from "./read-chat.ts"
import { renderAnswer } from "./render-answer.ts"
import { geminiErrors } from "./render-error.ts"
import { openRenderer } from "./render-stream.ts"

export const geminiGenerate: Surface = Object.freeze({
  name: "gemini-generate",
  wire: "gemini.generate",
  operation: "chat",
  errors: geminiErrors,
  output: geminiOutput,
  parse: (raw, limits) => parseGenerate(raw, limits),
  chat: Object.freeze({ read: readChat, renderAnswer, openRenderer }),
  embeddings: null,
  rerank: null,
} satisfies Surface)
