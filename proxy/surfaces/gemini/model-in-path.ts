/** The model that a Gemini client names in its path. */
import {
  isString,
  type JsonDocument,
  kindNameOf,
  memberOf,
  NONE,
  textOf,
} from "#proxy/contract/json-document.ts"
import { pointerTo } from "#proxy/contract/json-keys.ts"
import type { Decision } from "#proxy/exchange/parsed-request.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { invalid, placeIn } from "../checks/field-checks.ts"
import { readModelInPath } from "../checks/read-model.ts"

const FOLDER = "/models/"

/** `/v1beta/models/NAME:VERB`, in any version; a name may hold slashes, also as `%2F`. */
export function modelInPath(path: string): Decision<string> {
  const from = path.indexOf(FOLDER) + FOLDER.length
  return readModelInPath(path.slice(from, path.lastIndexOf(":")))
}

/** A name in `object`, besides the path's, must be the same: that one decided access and price. */
export function checkModel(document: JsonDocument, object: number, model: string): Refusal | null {
  const node = memberOf(document, object, "model")
  if (node === NONE) return null
  const where = placeIn(pointerTo(document, object), "model")
  if (!isString(document, node)) {
    return invalid(where, `must be a string, not ${kindNameOf(document, node)}`)
  }
  const given = textOf(document, node)
  if (given === model || given === `models/${model}`) return null
  return invalid(where, `must be models/${model}, which the path names`)
}
