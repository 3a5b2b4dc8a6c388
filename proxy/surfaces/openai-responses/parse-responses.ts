/** `POST /v1/responses`, the request: bytes to ParsedRequest, or the refusal that says where. */
import {
  countOf,
  firstIn,
  isString,
  isTrue,
  type JsonDocument,
  KIND,
  kindNameOf,
  kindOf,
  memberOf,
  NONE,
  nextIn,
} from "#proxy/contract/json-document.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
} from "#proxy/exchange/parsed-request.ts"
import { type PromptMeasure, PromptMeter } from "#proxy/exchange/prompt-measure.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { checkTurnList, type TurnWords } from "../checks/check-turns.ts"
import {
  checkBoolean,
  checkCount,
  checkList,
  checkNumber,
  invalid,
  OUTPUT_TOKENS_MAX,
} from "../checks/field-checks.ts"
import { checkImageUrl } from "../checks/image-url.ts"
import { openRequest } from "../checks/open-request.ts"
import { readUser } from "../checks/read-user.ts"
import type { SurfaceLimits } from "../limits.ts"
import { EVENT_STREAM } from "../surface.ts"
import { measureItem, measurePart } from "./measure-item.ts"

export function parseResponses(bytes: Uint8Array, limits: SurfaceLimits): Decision<ParsedRequest> {
  const opened = openRequest(bytes, limits.requestJson)
  if (!opened.ok) return opened
  const { document } = opened.value
  const meter = new PromptMeter(document)
  const refusal =
    checkCount(document, "max_output_tokens", 1, OUTPUT_TOKENS_MAX) ??
    checkNumber(document, "temperature", 0, 2) ??
    checkNumber(document, "top_p", 0, 1) ??
    checkBoolean(document, 0, "stream", "stream") ??
    checkList(document, "tools", limits.toolsMax) ??
    checkInput(document, limits.messagesMax, meter)
  if (refusal !== null) return reject(refusal)
  const users = ["safety_identifier", "user"].map((name) => memberOf(document, 0, name))
  return accept({
    surface: "openai-responses",
    ...opened.value,
    isStream: isTrue(document, memberOf(document, 0, "stream")),
    streamType: EVENT_STREAM,
    // Usage is part of every stream in this shape.
    wantsUsage: true,
    user: readUser(document, users),
    measure: finishMeasure(document, meter, limits.outputTokensDefault),
  })
}

function finishMeasure(
  document: JsonDocument,
  meter: PromptMeter,
  outputTokensDefault: number,
): PromptMeasure {
  meter.text(memberOf(document, 0, "instructions"))
  meter.tools(memberOf(document, 0, "tools"))
  meter.text(memberOf(document, 0, "text"))
  const limit = countOf(document, memberOf(document, 0, "max_output_tokens"))
  return meter.finish(limit ?? outputTokensDefault)
}

/** `input` may be absent where a stored prompt or an earlier response stands for it. */
function checkInput(document: JsonDocument, max: number, meter: PromptMeter): Refusal | null {
  const input = memberOf(document, 0, "input")
  if (input === NONE || kindOf(document, input) === KIND.null) return null
  if (isString(document, input)) {
    meter.messages++
    meter.text(input)
    return null
  }
  if (kindOf(document, input) !== KIND.array) {
    const kind = kindNameOf(document, input)
    return invalid("input", `must be a string or a list of items, not ${kind}`)
  }
  return checkTurnList(document, input, ITEMS, max, (_document, item, index) => {
    const path = `/input/${index}`
    if (kindOf(document, item) !== KIND.object) return invalid(path, "must be an object")
    meter.messages++
    return checkContent(document, item, path, meter) ?? checkAddresses(document, item, path)
  })
}

const ITEMS: TurnWords = Object.freeze({ list: "input", one: "item" })

function checkContent(
  document: JsonDocument,
  item: number,
  path: string,
  meter: PromptMeter,
): Refusal | null {
  const content = memberOf(document, item, "content")
  if (content === NONE || kindOf(document, content) !== KIND.array) {
    if (content === NONE) measureItem(document, item, meter)
    else meter.text(content)
    return null
  }
  let index = 0
  for (
    let part = firstIn(document, content);
    part !== NONE;
    part = nextIn(document, content, part)
  ) {
    const type = memberOf(document, part, "type")
    if (type === NONE || !isString(document, type)) {
      return invalid(`${path}/content/${index}/type`, "must be a string such as input_text")
    }
    measurePart(document, part, meter)
    index++
  }
  return null
}

/** Of images and files, in a message or in what a tool gave. */
function checkAddresses(document: JsonDocument, item: number, path: string): Refusal | null {
  for (const member of ["content", "output"]) {
    const node = memberOf(document, item, member)
    if (node === NONE || isString(document, node)) continue
    if (kindOf(document, node) !== KIND.array) {
      const refusal = checkAddress(document, node, `${path}/${member}`)
      if (refusal !== null) return refusal
      continue
    }
    let index = 0
    for (let part = firstIn(document, node); part !== NONE; part = nextIn(document, node, part)) {
      const refusal = checkAddress(document, part, `${path}/${member}/${index}`)
      if (refusal !== null) return refusal
      index++
    }
  }
  return null
}

function checkAddress(document: JsonDocument, part: number, path: string): Refusal | null {
  for (const name of ["image_url", "file_url"]) {
    const url = memberOf(document, part, name)
    if (url === NONE || !isString(document, url)) continue
    const refusal = checkImageUrl(document, url, `${path}/${name}`)
    if (refusal !== null) return refusal
  }
  return null
}
