/**
 * Names of fields in requests of Google's shape: its APIs take each of them as protobuf's JSON
 * writes it (`maxOutputTokens`) and as the message has it (`max_output_tokens`).
 *
 * In: positions in a request's body, and names in lowerCamelCase, the one spelling that the rest of
 * the code knows. Out: what stands there in either spelling, and places in the client's own. It
 * must not know what any field means. Source: Protocol Buffers, "ProtoJSON Format", field names;
 * its conformance suite, FieldNameDuplicateDifferentCasing: both at once are an error.
 */
import {
  firstIn,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  textOf,
  valueOfKey,
} from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"

/** Fields that hold JSON of the application's own, where a name is only itself. */
const OWN: ReadonlySet<string> = new Set([
  ...["args", "response", "responseJsonSchema", "parametersJsonSchema", "default", "example"],
  ...["labels", "headers"],
])
/** Fields that hold messages by names of the application's own. */
const MAPS: ReadonlySet<string> = new Set(["properties", "defs", "$defs"])

/** Value of a field in either spelling; NONE when absent or when `object` is not an object. */
export function fieldOf(document: JsonDocument, object: number, name: string): number {
  const found = memberOf(document, object, name)
  const other = found === NONE ? snakeOf(name) : name
  return other === name ? found : memberOf(document, object, other)
}

/** How a field of an object is spelled there: as it stands, or in lowerCamelCase when absent. */
export function spellingOf(document: JsonDocument, object: number, name: string): string {
  const snake = snakeOf(name)
  return memberOf(document, object, snake) === NONE ? name : snake
}

/** The body, or a message in it, whose fields are read by their names in lowerCamelCase. */
export class GoogleView extends JsonView {
  /** Whether this is a map, whose names are keys and no fields. */
  private readonly isMap: boolean

  constructor(document: JsonDocument, node = 0, isMap = false) {
    super(document, node)
    this.isMap = isMap
  }

  override member(name: string): JsonView | undefined {
    const found = super.member(name) ?? (this.isMap ? undefined : super.member(snakeOf(name)))
    return found && this.read(name, found)
  }

  override members(): readonly (readonly [string, JsonView])[] {
    return super.members().map(([key, value]) => {
      const name = this.isMap ? key : camelOf(key)
      return [name, this.read(name, value)]
    })
  }

  override items(): readonly JsonView[] {
    return super.items().map(({ document, node }) => new GoogleView(document, node))
  }

  private read(name: string, { document, node }: JsonView): JsonView {
    if (this.isMap) return new GoogleView(document, node)
    return OWN.has(name)
      ? new JsonView(document, node)
      : new GoogleView(document, node, MAPS.has(name))
  }
}

/**
 * The value of a field whose other spelling stands in the same message, `node` or one within it;
 * NONE where every field stands once.
 */
export function findTwice(document: JsonDocument, node = 0, isMap = false): number {
  const kind = kindOf(document, node)
  if (kind === KIND.array) {
    for (let item = firstIn(document, node); item !== NONE; item = nextIn(document, node, item)) {
      const found = findTwice(document, item)
      if (found !== NONE) return found
    }
  }
  if (kind !== KIND.object) return NONE
  for (let key = firstIn(document, node); key !== NONE; ) {
    const value = valueOfKey(key)
    const text = textOf(document, key)
    const name = isMap ? text : camelOf(text)
    if (name !== text && memberOf(document, node, name) !== NONE) return value
    const isOwn = !isMap && OWN.has(name)
    const found = isOwn ? NONE : findTwice(document, value, !isMap && MAPS.has(name))
    if (found !== NONE) return found
    key = nextIn(document, node, value)
  }
  return NONE
}

/** Of names in our code, so that it is bounded. */
const SNAKES = new Map<string, string>()

function snakeOf(name: string): string {
  const known = SNAKES.get(name)
  if (known !== undefined) return known
  const snake = name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)
  SNAKES.set(name, snake)
  return snake
}

/** A name in lowerCamelCase; one that is no snake_case stays as it is. */
function camelOf(name: string): string {
  if (!SNAKE.test(name)) return name
  return name.replace(/_[a-z]/g, (start) => start.slice(1).toUpperCase())
}

const SNAKE = /^[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)+$/
