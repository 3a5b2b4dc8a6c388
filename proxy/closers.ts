/** What was opened, closed in the opposite order; one failure does not keep the others open. */
export class Closers {
  #closers: (() => Promise<unknown> | unknown)[] = []

  add(close: () => Promise<unknown> | unknown): void {
    this.#closers.push(close)
  }

  /** Throws the first failure, after everything was tried. A second call finds nothing left. */
  async run(): Promise<void> {
    const failures: unknown[] = []
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
