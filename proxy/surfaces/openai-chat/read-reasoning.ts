/**
 * How much the model shall think, in a Chat Completions request: OpenAI's own field, and the two
 * objects that clients write for models of others: Anthropic's, and OpenRouter's.
 *
 * Source: Anthropic API reference, "Create a Message", `thinking`; OpenRouter, "Reasoning tokens".
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { ReasoningWish } from "#proxy/exchange/chat-request.ts"
import {
  badValue,
  booleanIn,
  countIn,
  type FeatureNotes,
  needText,
} from "#proxy/exchange/read-body.ts"
import { readEffort } from "../openai/read-fields.ts"

export function readReasoning(body: JsonView, notes: FeatureNotes): ReasoningWish | null {
  const thinking = body.member("thinking")
  const reasoning = body.member("reasoning")
  const wish =
    (thinking === undefined ? null : readThinking(thinking, notes)) ??
    (reasoning === undefined ? null : readObject(reasoning, notes))
  const given = body.member("reasoning_effort")
  if (given === undefined) return wish
  const effort = readEffort(given, notes)
  return wish === null || wish.budgetTokens === null ? of({ effort }) : wish
}

const THINKING_FIELDS: ReadonlySet<string> = new Set(["type", "budget_tokens"])

function readThinking(thinking: JsonView, notes: FeatureNotes): ReasoningWish {
  notes.noteUnknown(thinking, THINKING_FIELDS)
  const budgetTokens = countIn(thinking, "budget_tokens") ?? null
  switch (needText(thinking, "type")) {
    case "disabled":
      notes.note("reasoning-effort", thinking)
      return of({ effort: "none", isShown: false })
    case "enabled":
    case "adaptive":
      notes.note(budgetTokens === null ? "reasoning-effort" : "reasoning-budget", thinking)
      return of({ budgetTokens })
    default:
      return badValue(thinking.member("type") ?? thinking, "must be a known type")
  }
}

const OBJECT_FIELDS: ReadonlySet<string> = new Set([
  ...["effort", "max_tokens", "exclude", "enabled", "summary"],
])

function readObject(reasoning: JsonView, notes: FeatureNotes): ReasoningWish | null {
  notes.noteUnknown(reasoning, OBJECT_FIELDS)
  const isShown = booleanIn(reasoning, "exclude") !== true
  const given = reasoning.member("effort")
  if (given !== undefined) return of({ effort: readEffort(given, notes), isShown })
  const budgetTokens = countIn(reasoning, "max_tokens") ?? null
  if (budgetTokens !== null) {
    notes.note("reasoning-budget", reasoning)
    return of({ budgetTokens, isShown })
  }
  const isOn = booleanIn(reasoning, "enabled")
  if (isOn === undefined) return null
  notes.note("reasoning-effort", reasoning)
  return of(isOn ? { isShown } : { effort: "none", isShown: false })
}

function of(wish: Partial<ReasoningWish>): ReasoningWish {
  return { effort: null, budgetTokens: null, isShown: true, ...wish }
}
