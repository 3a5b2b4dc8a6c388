/** The name of the model that a client asks for, wherever its surface has it. */
import {
  firstIn,
  isString,
  type JsonDocument,
  kindNameOf,
  memberOf,
  NONE,
  nextIn,
  textOf,
  valueOfKey,
} from "#proxy/contract/json-document.ts"
import { FoldedNames } from "#proxy/contract/json-names.ts"
import { accept, type Decision, reject } from "#proxy/exchange/parsed-request.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"

/** Characters of a model's name; more is 400. */
const MODEL_CHARS_MAX = 256

export interface NamedModel {
  readonly model: string
  /** NONE: the body does not say it. */
  readonly modelNode: number
}

/** From the body's member `model`; `unsaid` is the vendor's default, for a body without it. */
export function readModel(document: JsonDocument, unsaid?: string): Decision<NamedModel> {
  const param = { param: "model" }
  const modelNode = memberOf(document, 0, "model")
  if (modelNode === NONE) {
    if (unsaid !== undefined && !hasTwin(document)) return accept({ model: unsaid, modelNode })
    return reject(refuse("invalid_value", "model is missing: name the model to use", param))
  }
  if (!isString(document, modelNode)) {
    const kind = kindNameOf(document, modelNode)
    return reject(refuse("invalid_value", `model must be a string, not ${kind}`, param))
  }
  const model = textOf(document, modelNode)
  const refusal = checkModelName(model)
  return refusal === null ? accept({ model, modelNode }) : reject(refusal)
}

const MODEL = new FoldedNames(["model"])

/** In other letters: an upstream may take it for the name. */
function hasTwin(document: JsonDocument): boolean {
  for (let key = firstIn(document, 0); key !== NONE; ) {
    if (MODEL.has(document, key)) return true
    key = nextIn(document, 0, valueOfKey(key))
  }
  return false
}

/** From a path, where it may be percent-encoded; its slashes may stand as they are. */
export function readModelInPath(encoded: string): Decision<string> {
  try {
    const model = decodeURIComponent(encoded)
    const refusal = checkModelName(model)
    return refusal === null ? accept(model) : reject(refusal)
  } catch {
    const message = "the model's name in the path is not valid percent-encoding"
    return reject(refuse("invalid_value", message, { param: "model" }))
  }
}

function checkModelName(model: string): Refusal | null {
  const param = { param: "model" }
  if (model === "") return refuse("invalid_value", "model must not be empty", param)
  if (model.length > MODEL_CHARS_MAX) {
    const message = `model has ${model.length} characters; the limit is ${MODEL_CHARS_MAX}`
    return refuse("invalid_value", message, param)
  }
  for (let index = 0; index < model.length; index++) {
    const unit = model.charCodeAt(index)
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) {
      return refuse("invalid_value", "model must not hold control characters", param)
    }
  }
  return null
}
