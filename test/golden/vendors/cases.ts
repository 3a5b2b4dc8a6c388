/**
 * What only some vendors of OpenAI's shape have in their answers, in their published shapes:
 * `upstream/VENDOR-CASE.json` and `.sse`.
 */
export const VENDOR_CASES = [
  /** Perplexity, "Sonar API": the same lists in every chunk, and no `[DONE]`. */
  { vendor: "Perplexity", name: "sources" },
  /** xAI, "Live Search": addresses alone, in the last chunk. */
  { vendor: "XAI", name: "sources" },
  /** OpenRouter, "Web Search": annotations with an extract. */
  { vendor: "OpenRouter", name: "annotations" },
  /** OpenRouter, "Image Generation": data URLs beside the text. */
  { vendor: "OpenRouter", name: "images" },
] as const

export type VendorCase = (typeof VENDOR_CASES)[number]
