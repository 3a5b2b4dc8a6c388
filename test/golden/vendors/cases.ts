/**
 * What only some vendors have in their answers, in their published shapes: of OpenAI's, or of the
 * column that is named. `upstream/VENDOR-CASE.json` and `.sse`.
 */
import type { Column } from "../providers/run-case.ts"

export const VENDOR_CASES: readonly VendorCase[] = [
  /** Perplexity, "Sonar API": the same lists in every chunk, and no `[DONE]`. */
  { vendor: "Perplexity", name: "sources" },
  /** xAI, "Live Search": addresses alone, in the last chunk. */
  { vendor: "XAI", name: "sources" },
  /** OpenRouter, "Web Search": annotations with an extract. */
  { vendor: "OpenRouter", name: "annotations" },
  /** OpenRouter, "Image Generation": data URLs beside the text. */
  { vendor: "OpenRouter", name: "images" },
  /** Gemini API, "Grounding with Google Search": segments in bytes of UTF-8, in the last piece. */
  { vendor: "Gemini", name: "grounding", column: "Gemini" },
  /** Cohere, "Citations": places in characters, of a tool's result and of a document. */
  { vendor: "Cohere", name: "citations", column: "Cohere" },
]

export interface VendorCase {
  readonly vendor: string
  readonly name: string
  readonly column?: Column
}
