/** Notes the features that a request uses while it is read. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { UseOf } from "./feature-support.ts"

export class UseNotes<Feature extends string> {
  readonly uses: UseOf<Feature | "unknown-field">[] = []

  /**
   * Once for each feature, however often a body has it: the first place is the one that a refusal
   * names, and to find a place takes time.
   */
  note(feature: Feature | "unknown-field", where: JsonView | string): void {
    if (this.uses.some((use) => use.feature === feature)) return
    this.uses.push({ feature, param: typeof where === "string" ? where : where.where })
  }

  /** Members of `view` outside `known` are fields that no other wire can be told. */
  noteUnknown(view: JsonView | undefined, known: ReadonlySet<string>): void {
    for (const [name, member] of view?.members() ?? []) {
      if (!known.has(name)) this.note("unknown-field", member)
    }
  }
}
