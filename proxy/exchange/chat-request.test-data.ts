/** For tests: a chat in the intermediate form that asks for nothing; a row shows its own wish. */
import type { ChatRequest } from "./chat-request.ts"

export function makeChat(more: Partial<ChatRequest> = {}): ChatRequest {
  return { ...PLAIN, ...more }
}

const PLAIN: ChatRequest = Object.freeze({
  isStream: false,
  messages: [{ role: "user", parts: [{ kind: "text", text: "Hi", cache: null }] }],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  outputFormat: null,
  reasoning: null,
  ownThinking: null,
  maxOutputTokens: null,
  temperature: null,
  topP: null,
  topK: null,
  minP: null,
  frequencyPenalty: null,
  presencePenalty: null,
  seed: null,
  stop: [],
  choices: 1,
  logprobs: null,
  logitBias: null,
  user: null,
  serviceTier: null,
  verbosity: null,
  safetySettings: null,
  mayShowImages: false,
  cacheKey: null,
  cacheRetention: null,
  cacheOptions: null,
  uses: [],
} satisfies ChatRequest)
