/** The inputs of an embeddings request as texts, for wires that take nothing else. */

import type { EmbeddingInput, EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import type { EncodeContext } from "./adapter.ts"
import { cannotSay } from "./cannot-say.ts"

/** Throws where there are more than `max`. */
export function embedTexts(
  { inputs, inputsParam }: EmbeddingsRequest,
  context: EncodeContext,
  max: number,
): readonly EmbeddedText[] {
  if (inputs.length > max) {
    const most = max === 1 ? "one input" : `${max} inputs`
    const why = `${context.model} takes ${most} at a time, not ${inputs.length}`
    return cannotSay(inputsParam, context, why)
  }
  return inputs.map((input) => {
    if (input.kind === "text") return input
    throw new Error("a wire that takes no token ids says so in its table")
  })
}

type EmbeddedText = Extract<EmbeddingInput, { readonly kind: "text" }>
