/** The inputs of an embeddings request as texts, for wires that take nothing else. */
import { refuseUnsupported } from "#proxy/exchange/chat-feature.ts"
import type { EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import { BodyFault } from "#proxy/exchange/read-body.ts"
import type { EncodeContext } from "./adapter.ts"

/** Throws where there are more than `max`, or token ids: those mean nothing but at OpenAI. */
export function embedTexts(
  { inputs }: EmbeddingsRequest,
  { provider, model }: EncodeContext,
  max: number,
): readonly string[] {
  if (inputs.length > max) {
    const most = max === 1 ? "one input" : `${max} inputs`
    const why = `${model} takes ${most} at a time, not ${inputs.length}`
    throw new BodyFault(refuseUnsupported("input", provider.name, why))
  }
  return inputs.map((input) => {
    if (input.kind === "text") return input.text
    const why = "token ids are OpenAI's own; send the texts"
    throw new BodyFault(refuseUnsupported("input", provider.name, why))
  })
}
