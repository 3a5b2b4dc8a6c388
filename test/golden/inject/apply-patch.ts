/**
 * Applies a JSON Patch as the API server does, and refuses what it refuses: a place that does not
 * exist.
 */
import type { PatchOperation } from "#operator/inject/json-patch.ts"

/** A changed copy of `value`; throws naming the operation that does not fit. */
export function applyPatch(value: unknown, patch: readonly PatchOperation[]): unknown {
  const copy: unknown = structuredClone(value)
  for (const operation of patch) applyOne(copy, operation)
  return copy
}

function applyOne(root: unknown, operation: PatchOperation): void {
  const steps = operation.path
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
  const last = steps.pop() ?? ""
  const parent = steps.reduce((at: unknown, step) => childOf(at, step, operation), root)
  const added = operation.op === "remove" ? undefined : structuredClone(operation.value)
  if (Array.isArray(parent)) {
    const index = last === "-" ? parent.length : Number(last)
    const most = operation.op === "add" ? parent.length : parent.length - 1
    if (!(index >= 0 && index <= most)) throw misfit(operation)
    if (operation.op === "add") parent.splice(index, 0, added)
    else if (operation.op === "replace") parent.splice(index, 1, added)
    else parent.splice(index, 1)
  } else if (typeof parent === "object" && parent !== null) {
    if (operation.op !== "add" && !Object.hasOwn(parent, last)) throw misfit(operation)
    if (operation.op === "remove") Reflect.deleteProperty(parent, last)
    else Reflect.set(parent, last, added)
  } else throw misfit(operation)
}

function childOf(value: unknown, step: string, operation: PatchOperation): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) {
    throw misfit(operation)
  }
  return Reflect.get(value, step)
}

function misfit({ op, path }: PatchOperation): Error {
  return new Error(`${op} ${path} has no place`)
}
