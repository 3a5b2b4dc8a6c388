/** One call of a tool in a stream: its block, and whether its arguments are whole. */
import { ObjectScan } from "#proxy/exchange/object-scan.ts"

export class OpenCall {
  readonly id: string
  readonly name: string
  /** Of its block; -1 while it waits for one. */
  index = -1
  /** What came while it waits. */
  private held = ""
  private readonly scan = new ObjectScan()

  constructor({ id, name }: { readonly id: string; readonly name: string }) {
    this.id = id
    this.name = name
  }

  get isWhole(): boolean {
    return this.scan.isWhole
  }

  grow(text: string): void {
    this.scan.grow(text)
    if (this.index < 0) this.held += text
  }

  take(): string {
    const { held } = this
    this.held = ""
    return held
  }
}
