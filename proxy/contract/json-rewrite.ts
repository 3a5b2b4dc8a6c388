/**
 * A checked JSON text written anew from its tape: what goes on where a policy looks at a body.
 *
 * In: a document and what shall stand in some of its objects. Out: the same values in the same
 * order without white space. Names, texts and numbers are copied as they were checked, so that
 * every digit and escape stays; every bracket, comma and colon is ours, so that nothing that the
 * scanner did not find can be in it.
 */
import {
  endOf,
  firstIn,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  startOf,
  valueOfKey,
} from "./json-document.ts"

/** A member that an object is given: in place of its value of that name, else as its last. */
export interface MemberEdit {
  /** Node of the object. */
  readonly object: number
  /** ASCII, and nothing that JSON escapes. */
  readonly name: string
  /** JSON text. */
  readonly json: string
}

/** At most one edit for each member; none within a value that another replaces. */
export function rewriteJson(document: JsonDocument, edits: readonly MemberEdit[]): Uint8Array {
  const writer = new Writer(document, edits)
  writer.value(0)
  return writer.written()
}

interface EncodedEdit {
  readonly object: number
  /** The value that it replaces; NONE where it becomes the last member. */
  readonly value: number
  readonly text: Uint8Array
}

const utf8 = new TextEncoder()
const [COMMA, COLON, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [
  0x2c, 0x3a, 0x7b, 0x7d, 0x5b, 0x5d,
] as const
/** Below it a loop is faster than a view of the bytes. */
const VIEWED_BYTES_MIN = 48

class Writer {
  private readonly document: JsonDocument
  private readonly edits: readonly EncodedEdit[]
  private readonly out: Uint8Array
  private at = 0

  constructor(document: JsonDocument, edits: readonly MemberEdit[]) {
    this.document = document
    this.edits = edits.map(({ object, name, json }) => {
      const value = memberOf(document, object, name)
      return { object, value, text: utf8.encode(value === NONE ? `"${name}":${json}` : json) }
    })
    // What is put in, a comma before it, and never more of the rest than there was.
    const added = this.edits.reduce((sum, { text }) => sum + text.length + 1, 0)
    this.out = new Uint8Array(document.bytes.length + added)
  }

  written(): Uint8Array {
    return this.out.subarray(0, this.at)
  }

  /** As deep as the scanner lets a text be. */
  value(node: number): void {
    const edit = this.edits.find(({ value }) => value === node)
    if (edit !== undefined) this.put(edit.text)
    else if (kindOf(this.document, node) === KIND.object) this.object(node)
    else if (kindOf(this.document, node) === KIND.array) this.array(node)
    else this.copy(node)
  }

  private object(node: number): void {
    const { document } = this
    this.sign(OPEN_BRACE)
    let isFirst = true
    for (let key = firstIn(document, node); key !== NONE; ) {
      if (!isFirst) this.sign(COMMA)
      isFirst = false
      this.copy(key)
      this.sign(COLON)
      const value = valueOfKey(key)
      this.value(value)
      key = nextIn(document, node, value)
    }
    for (const { object, value, text } of this.edits) {
      if (object !== node || value !== NONE) continue
      if (!isFirst) this.sign(COMMA)
      isFirst = false
      this.put(text)
    }
    this.sign(CLOSE_BRACE)
  }

  private array(node: number): void {
    const { document } = this
    this.sign(OPEN_BRACKET)
    for (let item = firstIn(document, node); item !== NONE; ) {
      this.value(item)
      item = nextIn(document, node, item)
      if (item !== NONE) this.sign(COMMA)
    }
    this.sign(CLOSE_BRACKET)
  }

  /** A key, a string, a number or a word, as it stands. */
  private copy(node: number): void {
    const { bytes } = this.document
    const start = startOf(this.document, node)
    const end = endOf(this.document, node)
    if (end - start >= VIEWED_BYTES_MIN) this.put(bytes.subarray(start, end))
    else for (let from = start; from < end; from++) this.sign(bytes[from] ?? 0)
  }

  private put(text: Uint8Array): void {
    this.out.set(text, this.at)
    this.at += text.length
  }

  private sign(byte: number): void {
    this.out[this.at++] = byte
  }
}
