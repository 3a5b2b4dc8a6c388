/**
 * `POST /v1/chat/completions`, the request: bytes to ParsedRequest, or the refusal that says what
 * and where.
 *
 * In: the whole body and the limits. Out: positions and measures; no object is built and the bytes
 * stay as they came. It must not know routes, policies or providers. Fields that are not named here
 * pass untouched. Source: OpenAI API reference, "Create chat completion".
 */
import {
  isString,
  type JsonDocument,
  KIND,
  KIND_NAMES,
  kindOf,
  memberOf,
  NONE,
  textOf,
} from "#proxy/contract/json-document.ts"
import { type JsonFault, type JsonLimits, scanJson } from "#proxy/contract/json-scan.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
} from "#proxy/exchange/parsed-request.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import { checkFields, findForbidden } from "./check-fields.ts"
import { checkMessages } from "./check-messages.ts"
import { estimateTokens } from "./estimate-tokens.ts"

export interface ChatLimits {
  readonly requestJson: JsonLimits
  readonly messagesMax: number
  readonly toolsMax: number
  readonly outputTokensDefault: number
}

/** Characters of a model's name; more is 400. */
const MODEL_CHARS_MAX = 256
/** Characters of a user's name kept in records; the rest is cut off there, never in the body. */
const USER_CHARS_MAX = 256

export function parseChat(body: Uint8Array, limits: ChatLimits): Decision<ParsedRequest> {
  const scanned = scanJson(body, limits.requestJson)
  if (!scanned.ok) return reject(refuseFault(scanned.fault))
  const { document } = scanned
  if (kindOf(document, 0) !== KIND.object) {
    return reject(refuse("invalid_value", "the body must be a JSON object"))
  }
  const modelNode = memberOf(document, 0, "model")
  const model =
    modelNode !== NONE && isString(document, modelNode) ? textOf(document, modelNode) : ""
  const refusal =
    findForbidden(document) ??
    checkModel(document, modelNode, model) ??
    checkMessages(document, limits.messagesMax) ??
    checkFields(document, limits)
  if (refusal !== null) return reject(refusal)
  const streamNode = memberOf(document, 0, "stream")
  const isStream = streamNode !== NONE && kindOf(document, streamNode) === KIND.true
  return accept({
    surface: "openai-chat",
    document,
    model,
    modelNode,
    isStream,
    wantsUsage: isStream && asksForUsage(document),
    user: readUser(document),
    estimate: estimateTokens(document, limits.outputTokensDefault),
  })
}

/** `request_too_large` for bytes; the other faults of the scanner have codes of their own. */
function refuseFault(fault: JsonFault): Refusal {
  const where = fault.path === "" ? "" : ` at ${fault.path}`
  const more = fault.path === "" ? {} : { param: fault.path }
  switch (fault.code) {
    case "json_too_large":
      return refuse("request_too_large", fault.message)
    case "number_out_of_range":
      return refuse("invalid_value", `${fault.message}${where}`, { param: fieldOf(fault.path) })
    case "invalid_json":
      return refuse("invalid_json", `the body is not valid JSON${where}: ${fault.message}`, more)
    case "duplicate_key":
    case "json_too_deep":
    case "json_too_many_tokens":
      return refuse(fault.code, `${fault.message}${where}`, more)
  }
}

/** `/max_tokens` is the parameter `max_tokens`; deeper pointers stay pointers. */
function fieldOf(path: string): string {
  return path.lastIndexOf("/") === 0 ? path.slice(1) : path
}

function checkModel(document: JsonDocument, node: number, model: string): Refusal | null {
  const param = { param: "model" }
  if (node === NONE) {
    return refuse("invalid_value", "model is missing: name the model to use", param)
  }
  if (!isString(document, node)) {
    const kind = KIND_NAMES[kindOf(document, node)]
    return refuse("invalid_value", `model must be a string, not ${kind}`, param)
  }
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

function asksForUsage(document: JsonDocument): boolean {
  const options = memberOf(document, 0, "stream_options")
  const asked = memberOf(document, options, "include_usage")
  return asked !== NONE && kindOf(document, asked) === KIND.true
}

/** `safety_identifier` is the newer name of `user`; whichever is a non-empty string. */
function readUser(document: JsonDocument): string | null {
  for (const name of ["safety_identifier", "user"]) {
    const node = memberOf(document, 0, name)
    if (node === NONE || !isString(document, node)) continue
    const user = textOf(document, node)
    // Half of a surrogate pair would be no JSON for the journal and the operator.
    if (user !== "") return user.slice(0, USER_CHARS_MAX).toWellFormed()
  }
  return null
}
