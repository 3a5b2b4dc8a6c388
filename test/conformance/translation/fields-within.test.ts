/**
 * A field of tomorrow, in whichever object of a request it stands: it is carried or noted, so that
 * a wire without it refuses it by name, and never read past.
 */
import { readdirSync } from "node:fs"
import { expect, test } from "vitest"
import { CHAT_FEATURES, type ChatFeature } from "#proxy/exchange/chat-feature.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { placeOf, readText } from "#test/golden/providers/run-case.ts"
import { FEATURE_SAMPLES } from "./feature-samples.ts"
import { readForm } from "./read-form.ts"
import { CHAT_WIRES } from "./wires.ts"

const CHATS = (Object.keys(SURFACES) as ModelSurfaceName[]).filter(
  (name) => SURFACES[name].chat !== null && SURFACES[name].operation === "chat",
)

/** What is left out as a whole, for a reason that each wire's table gives. */
const LEFT_OUT = new RegExp(
  [
    "^/(?:metadata|labels|stream_options|context_management/edits/0)$",
    "/content/\\d+/citations/\\d+$",
    // A tool of the provider's own, which is only offered, and one that may not be called.
    "^/tools/1(?:/|$)",
  ].join("|"),
)

/** What no wire takes is refused by name already. */
const REFUSED: ReadonlySet<ChatFeature> = new Set(
  CHAT_FEATURES.filter((feature) =>
    CHAT_WIRES.every(({ chat, context }) => chat.features(context.provider)[feature] === "no"),
  ),
)

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const FIELD = "zzNew"

/** Every body that is `body` with the field in one more of its objects, with that one's place. */
function* withField(body: Json, where = ""): Generator<readonly [string, Json]> {
  if (isList(body)) {
    for (const [index, item] of body.entries()) {
      for (const [place, made] of withField(item, `${where}/${index}`)) {
        yield [place, body.with(index, made)]
      }
    }
  } else if (typeof body === "object" && body !== null) {
    yield [where, { ...body, [FIELD]: 1.5 }]
    for (const [name, value] of Object.entries(body)) {
      for (const [place, made] of withField(value, `${where}/${name}`)) {
        yield [place, { ...body, [name]: made }]
      }
    }
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function bodiesOf(surface: ModelSurfaceName): readonly Json[] {
  const golden = readdirSync(placeOf(`requests/${surface}`)).map((file) =>
    readText(`requests/${surface}/${file}`),
  )
  const samples = Object.values(FEATURE_SAMPLES).filter((sample) => sample.surface === surface)
  return [...golden, ...samples.map(({ body }) => body)].map((text): Json => JSON.parse(text))
}

/** Whether it is told to somebody, or somebody is refused because of it. */
function isSeen(surface: ModelSurfaceName, body: Json): boolean {
  const text = JSON.stringify(body)
  try {
    const { uses, ...chat } = readForm(surface, text).chat
    const isRefused = uses.some(({ feature }) => REFUSED.has(feature))
    return isRefused || JSON.stringify(chat).includes(FIELD)
  } catch {
    return true
  }
}

test.each(CHATS)("no object of %s has a field that is read past", (surface) => {
  const unseen = new Set<string>()
  let count = 0
  for (const body of bodiesOf(surface)) {
    for (const [place, made] of withField(body)) {
      count++
      if (!LEFT_OUT.test(place) && !isSeen(surface, made)) unseen.add(place.replace(/\/\d+/g, "/0"))
    }
  }
  expect([...unseen]).toEqual([])
  expect(count).toBeGreaterThan(50)
})
