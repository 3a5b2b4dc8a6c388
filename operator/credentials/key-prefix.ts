/**
 * Whose key a value looks like, by how it begins and by nothing else of it. Pure.
 *
 * Only beginnings that one vendor's keys have and no other's, as scanners for leaked secrets know
 * them. A bare `sk-` is many vendors'.
 */
const PREFIXES: readonly (readonly [prefix: string, vendor: string])[] = [
  ["sk-ant-", "Anthropic"],
  ["sk-proj-", "OpenAI"],
  ["sk-svcacct-", "OpenAI"],
  ["sk-or-v1-", "OpenRouter"],
  ["AIza", "Google"],
  ["gsk_", "Groq"],
  ["xai-", "xAI"],
  ["hf_", "Hugging Face"],
]

/** Undefined for a key that begins like many vendors', or like none. */
export function vendorOfKey(text: string): string | undefined {
  return PREFIXES.find(([prefix]) => text.startsWith(prefix))?.[1]
}
