/** A Gemini client's own bytes for one target. */
import { type JsonDocument, memberOf } from "#proxy/contract/json-document.ts"
import { fieldOf, GoogleView } from "#proxy/exchange/google-names.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { Target } from "#proxy/exchange/target.ts"
import { hasTag, withoutForeignIn } from "../foreign-thoughts.ts"
import { type Edit, replaceNode, spliceAll } from "../splice-body.ts"

/** The model is named in the path and, at will or in each request within it, in the bytes. */
export function spliceModels(request: ParsedRequest, target: Target): Uint8Array {
  return spliced(request, modelEdits(request, target))
}

/** The same without the thoughts that Google did not sign. */
export function spliceOwn(request: ParsedRequest, target: Target): Uint8Array {
  const thoughts = foreignThoughts(request.document)
  return spliced(request, [...modelEdits(request, target), ...thoughts])
}

function spliced({ document }: ParsedRequest, edits: readonly Edit[]): Uint8Array {
  return edits.length === 0 ? document.bytes : spliceAll(document.bytes, edits)
}

function modelEdits({ document, model }: ParsedRequest, target: Target): readonly Edit[] {
  if (target.model === null || target.model === model) return []
  const name = new TextEncoder().encode(JSON.stringify(`models/${target.model}`))
  const body = new GoogleView(document)
  const counted = body.member("generateContentRequest")
  const requests = body.member("requests")?.items() ?? []
  return [body, ...(counted === undefined ? [] : [counted]), ...requests].flatMap((object) => {
    const node = object.member("model")?.node
    return node === undefined ? [] : [replaceNode(document, node, name)]
  })
}

function foreignThoughts(document: JsonDocument): readonly Edit[] {
  return withoutForeignIn(document, memberOf(document, 0, "contents"), "parts", isForeign)
}

function isForeign(document: JsonDocument, part: number): boolean {
  return hasTag(document, part, "thoughtSignature", fieldOf)
}
