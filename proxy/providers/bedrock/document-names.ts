/**
 * Names of the documents of one request. Converse wants one for each, no two alike in the whole
 * conversation, and of no other characters than these: others become hyphens.
 *
 * Source: Amazon Bedrock API reference, "DocumentBlock".
 */

const CHARS_MAX = 200
/** Leaves room for a number behind a name. */
const BASE_MAX = CHARS_MAX - 8

export class DocumentNames {
  private readonly taken = new Set<string>()
  /** Next number of a base; both in lower case. */
  private readonly next = new Map<string, number>()

  nameOf(given: string): string {
    const clean = given.replace(/[^A-Za-z0-9\s()[\]-]+/g, "-").replace(/\s+/g, " ")
    const base = clean.slice(0, BASE_MAX).trim() || "document"
    let number = this.next.get(base.toLowerCase()) ?? 1
    let name = base
    while (this.taken.has(name.toLowerCase())) name = `${base}-${++number}`
    this.taken.add(name.toLowerCase())
    this.next.set(base.toLowerCase(), number)
    return name
  }
}
