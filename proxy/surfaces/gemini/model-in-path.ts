/** The model that a Gemini client names in its path. */
import { accept, type Decision, reject } from "#proxy/exchange/parsed-request.ts"
import { refuse } from "#proxy/exchange/refusal.ts"
import { checkModelName } from "../checks/read-model.ts"

const FOLDER = "/models/"

/** `/v1beta/models/NAME:VERB`, in any version; a name may hold slashes, also as `%2F`. */
export function modelInPath(path: string): Decision<string> {
  const raw = path.slice(path.indexOf(FOLDER) + FOLDER.length, path.lastIndexOf(":"))
  try {
    const model = decodeURIComponent(raw)
    const refusal = checkModelName(model)
    return refusal === null ? accept(model) : reject(refusal)
  } catch {
    const message = "the model's name in the path is not valid percent-encoding"
    return reject(refuse("invalid_value", message, { param: "model" }))
  }
}
