/** `POST /v1/responses`, the request: bytes to ParsedRequest, or the refusal that says where. */
import {
  countOf,
  firstIn,
  isString,
  type JsonDocument,
  KIND,
  KIND_NAMES,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  textEquals,
} from "#proxy/contract/json-document.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
} from "#proxy/exchange/parsed-request.ts"
import { type PromptMeasure, PromptMeter } from "#proxy/exchange/prompt-measure.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import {
  checkBoolean,
  checkCount,
  checkList,
  checkNumber,
  invalid,
  OUTPUT_TOKENS_MAX,
} from "../checks/field-checks.ts"
import { findImageProblem } from "../checks/image-url.ts"
import { openBody } from "../checks/open-body.ts"
import { readModel } from "../checks/read-model.ts"
import { readUser } from "../checks/read-user.ts"
import type { SurfaceLimits } from "../limits.ts"
import { EVENT_STREAM } from "../surface.ts"

export function parseResponses(bytes: Uint8Array, limits: SurfaceLimits): Decision<ParsedRequest> {
  const opened = openBody(bytes, limits.requestJson)
  if (!opened.ok) return opened
  const document = opened.value
  const named = readModel(document)
  if (!named.ok) return named
  const meter = new PromptMeter(document)
  const refusal =
    checkCount(document, "max_output_tokens", 1, OUTPUT_TOKENS_MAX) ??
    checkNumber(document, "temperature", 0, 2) ??
    checkNumber(document, "top_p", 0, 1) ??
    checkBoolean(document, 0, "stream", "stream") ??
    checkList(document, "tools", limits.toolsMax) ??
    checkInput(document, limits.messagesMax, meter)
  if (refusal !== null) return reject(refusal)
  const stream = memberOf(document, 0, "stream")
  const users = ["safety_identifier", "user"].map((name) => memberOf(document, 0, name))
  return accept({
    surface: "openai-responses",
    document,
    ...named.value,
    isStream: stream !== NONE && kindOf(document, stream) === KIND.true,
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
    const kind = KIND_NAMES[kindOf(document, input)]
    return invalid("input", `must be a string or a list of items, not ${kind}`)
  }
  let index = 0
  for (let item = firstIn(document, input); item !== NONE; item = nextIn(document, input, item)) {
    const path = `/input/${index}`
    if (kindOf(document, item) !== KIND.object) return invalid(path, "must be an object")
    meter.messages++
    const refusal =
      checkContent(document, item, path, meter) ?? checkAddresses(document, item, path)
    if (refusal !== null) return refusal
    index++
    if (index > max) {
      return refuse("too_many_messages", `input has more than ${max} entries`, { param: "input" })
    }
  }
  return index === 0 ? invalid("input", "must have at least one item") : null
}

function checkContent(
  document: JsonDocument,
  item: number,
  path: string,
  meter: PromptMeter,
): Refusal | null {
  const content = memberOf(document, item, "content")
  if (content === NONE || kindOf(document, content) !== KIND.array) {
    meter.text(content === NONE ? item : content)
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
    measurePart(document, part, type, meter)
    index++
  }
  return null
}

function measurePart(document: JsonDocument, part: number, type: number, meter: PromptMeter): void {
  if (textEquals(document, type, "input_image")) meter.images++
  else if (textEquals(document, type, "input_file")) {
    meter.file(memberOf(document, part, "file_data"))
  } else meter.text(memberOf(document, part, "text"))
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
    const problem = findImageProblem(document, url)
    const param = `${path}/${name}`
    if (problem !== null) return refuse("image_url_denied", `${param} ${problem}`, { param })
  }
  return null
}
