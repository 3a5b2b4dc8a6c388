/** How every surface begins whose clients name the model in the body: the body, then the model. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import type { JsonLimits } from "#proxy/contract/json-scan.ts"
import { accept, type Decision } from "#proxy/exchange/parsed-request.ts"
import { openBody } from "./open-body.ts"
import { type NamedModel, readModel } from "./read-model.ts"

export interface OpenedRequest extends NamedModel {
  readonly document: JsonDocument
}

export function openRequest(
  body: Uint8Array,
  limits: JsonLimits,
  modelUnsaid?: string,
): Decision<OpenedRequest> {
  const opened = openBody(body, limits)
  if (!opened.ok) return opened
  const named = readModel(opened.value, modelUnsaid)
  return named.ok ? accept({ document: opened.value, ...named.value }) : named
}
