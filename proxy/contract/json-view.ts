/**
 * A value in a checked JSON text, read by names: for translating requests and answers, where a few
 * small objects a value do not matter. What passes untouched is read on the tape itself.
 *
 * A member that is null is absent, as every provider's schema has it.
 */
import {
  firstIn,
  isString,
  type JsonDocument,
  KIND,
  kindNameOf,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  numberOf,
  textOf,
  valueOfKey,
} from "./json-document.ts"
import { pointerTo } from "./json-keys.ts"
import { type RawJson, rawOf } from "./json-write.ts"

export class JsonView {
  readonly document: JsonDocument
  readonly node: number

  constructor(document: JsonDocument, node = 0) {
    this.document = document
    this.node = node
  }

  get isObject(): boolean {
    return kindOf(this.document, this.node) === KIND.object
  }

  get isArray(): boolean {
    return kindOf(this.document, this.node) === KIND.array
  }

  get isText(): boolean {
    return isString(this.document, this.node)
  }

  get isNumber(): boolean {
    return kindOf(this.document, this.node) === KIND.number
  }

  /** "a string", "an object" ... for messages. */
  get kindName(): string {
    return kindNameOf(this.document, this.node)
  }

  /** JSON pointer of it; a member of the body itself is named without the slash. */
  get where(): string {
    const pointer = pointerTo(this.document, this.node)
    return pointer.lastIndexOf("/") === 0 ? pointer.slice(1) : pointer
  }

  /** Undefined when absent, null, or when this is no object. */
  member(name: string): JsonView | undefined {
    const node = memberOf(this.document, this.node, name)
    if (node === NONE || kindOf(this.document, node) === KIND.null) return undefined
    return new JsonView(this.document, node)
  }

  /** Members that are not null, in their order; none when this is no object. */
  members(): readonly (readonly [string, JsonView])[] {
    const { document, node } = this
    if (!this.isObject) return []
    const found: (readonly [string, JsonView])[] = []
    for (let key = firstIn(document, node); key !== NONE; ) {
      const value = valueOfKey(key)
      if (kindOf(document, value) !== KIND.null) {
        found.push([textOf(document, key), new JsonView(document, value)])
      }
      key = nextIn(document, node, value)
    }
    return found
  }

  /** Elements in their order; none when this is no array. */
  items(): readonly JsonView[] {
    const { document, node } = this
    if (!this.isArray) return []
    const found: JsonView[] = []
    for (let item = firstIn(document, node); item !== NONE; item = nextIn(document, node, item)) {
      found.push(new JsonView(document, item))
    }
    return found
  }

  text(): string | undefined {
    return this.isText ? textOf(this.document, this.node) : undefined
  }

  number(): number | undefined {
    return this.isNumber ? numberOf(this.document, this.node) : undefined
  }

  /** An integer from 0 to 2^53 - 1, else undefined. */
  count(): number | undefined {
    const value = this.number()
    return value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined
  }

  boolean(): boolean | undefined {
    const kind = kindOf(this.document, this.node)
    return kind === KIND.true ? true : kind === KIND.false ? false : undefined
  }

  /** As the sender wrote it, numbers in their own digits. */
  raw(): RawJson {
    return rawOf(this.document, this.node)
  }

  /** Text of a member; undefined when it is absent or no string. */
  textOf(name: string): string | undefined {
    return this.member(name)?.text()
  }

  /** Count of a member; undefined when it is absent or no count. */
  countOf(name: string): number | undefined {
    return this.member(name)?.count()
  }
}
