/**
 * The policies' limit on the tokens of an answer, held against a request's body.
 *
 * In: a checked body, where its shape bounds the output, and the limit. Out: the body written anew
 * from what was checked, bounded in any case, or the refusal of a request that asks for more. It
 * must not know surfaces or vendors. Nothing is clamped: a client that asks for 8,000 tokens and
 * gets 4,096 would take a cut answer for a whole one.
 */
import {
  countOf,
  endOf,
  type JsonDocument,
  KIND,
  kindNameOf,
  kindOf,
  startOf,
} from "#proxy/contract/json-document.ts"
import { pointerTo } from "#proxy/contract/json-keys.ts"
import { rewriteJson } from "#proxy/contract/json-rewrite.ts"
import type { OutputLimit } from "#proxy/contract/parameter-limits.ts"
import type { OutputFields } from "#proxy/exchange/output-fields.ts"
import { accept, type Decision, reject } from "#proxy/exchange/parsed-request.ts"
import { excerpt, type Refusal, refuse } from "#proxy/exchange/refusal.ts"

/** Refuses `invalid_value` naming field, value, limit and policy. */
export function limitOutput(
  document: JsonDocument,
  fields: OutputFields,
  limit: OutputLimit,
): Decision<Uint8Array> {
  for (const node of fields.given(document)) {
    const count = countOf(document, node)
    if (count === undefined || count > limit.tokens)
      return reject(refuseMore(document, node, limit))
  }
  const edit = fields.bound(document, limit.tokens)
  return accept(rewriteJson(document, edit === null ? [] : [edit]))
}

function refuseMore(document: JsonDocument, node: number, limit: OutputLimit): Refusal {
  const pointer = pointerTo(document, node)
  const param = pointer.lastIndexOf("/") === 0 ? pointer.slice(1) : pointer
  const { tokens, policy } = limit
  const sentence =
    `${param} is ${saidAt(document, node)}; ` +
    `ModelPolicy ${policy} allows at most ${tokens} output tokens`
  return refuse("invalid_value", sentence, { param })
}

/** A number in its own digits, of anything else its kind. */
function saidAt(document: JsonDocument, node: number): string {
  if (kindOf(document, node) !== KIND.number) return kindNameOf(document, node)
  const digits = document.bytes.subarray(startOf(document, node), endOf(document, node))
  return excerpt(new TextDecoder().decode(digits))
}
