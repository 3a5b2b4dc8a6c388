/**
 * `POST /v1/chat/completions`, the request: bytes to ParsedRequest, or the refusal that says what
 * and where.
 *
 * In: the whole body and the limits. Out: positions and measures; no object is built and the bytes
 * stay as they came. It must not know routes, policies or providers. Fields that are not named here
 * pass untouched. Source: OpenAI API reference, "Create chat completion".
 */
import { isTrue, memberOf } from "#proxy/contract/json-document.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
} from "#proxy/exchange/parsed-request.ts"
import { asksForUsage } from "../checks/field-checks.ts"
import { openRequest } from "../checks/open-request.ts"
import { readUser } from "../checks/read-user.ts"
import type { SurfaceLimits } from "../limits.ts"
import { EVENT_STREAM } from "../surface.ts"
import { checkFields } from "./check-fields.ts"
import { checkMessages } from "./check-messages.ts"
import { measurePrompt } from "./measure-prompt.ts"

export function parseChat(body: Uint8Array, limits: SurfaceLimits): Decision<ParsedRequest> {
  const opened = openRequest(body, limits.requestJson)
  if (!opened.ok) return opened
  const { document } = opened.value
  const refusal = checkMessages(document, limits.messagesMax) ?? checkFields(document, limits)
  if (refusal !== null) return reject(refusal)
  const isStream = isTrue(document, memberOf(document, 0, "stream"))
  return accept({
    surface: "openai-chat",
    ...opened.value,
    isStream,
    streamType: EVENT_STREAM,
    wantsUsage: isStream && asksForUsage(document),
    user: readUser(document, [
      memberOf(document, 0, "safety_identifier"),
      memberOf(document, 0, "user"),
    ]),
    measure: measurePrompt(document, limits.outputTokensDefault),
  })
}
