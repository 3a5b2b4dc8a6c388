/**
 * Renders the chart with helm and reads the objects.
 *
 * In: values as `--set` has them, or as a whole document. Out: the objects by `Kind/name`, or what
 * helm said when it refused. Must not know what any test expects.
 */
import { fileURLToPath } from "node:url"
import { inject } from "vitest"
import { parseAllDocuments } from "yaml"
import { textAt } from "#operator/kube/json-path.ts"
import { runProgram, tryProgram } from "#test/control-plane/run-program.ts"

export const CHART = fileURLToPath(new URL("../../charts/sidegate", import.meta.url))
export const NAMESPACE = "sidegate-system"
const DEADLINE_MS = 30_000

export type Rendered = ReadonlyMap<string, unknown>

/** The whole render as text. `values` is a JSON document, `null` and lists included. */
export async function renderText(values: object = {}): Promise<string> {
  const { helm } = inject("chartTools")
  const { stdout } = await runProgram(helm, templateArgs(), {
    input: JSON.stringify(values),
    deadlineMs: DEADLINE_MS,
  })
  return stdout
}

export async function render(values: object = {}): Promise<Rendered> {
  return readObjects(await renderText(values))
}

/** What helm says of values that it refuses; throws when it takes them. */
export async function refusal(values: object): Promise<string> {
  const { helm } = inject("chartTools")
  const input = JSON.stringify(values)
  const { code, stderr } = await tryProgram(helm, templateArgs(), {
    input,
    deadlineMs: DEADLINE_MS,
  })
  if (code === 0) throw new Error(`helm takes ${input}`)
  return stderr
}

/** Every document of a YAML stream by `Kind/name`; two of one key are an error. */
export function readObjects(text: string): Rendered {
  const objects = new Map<string, unknown>()
  for (const document of parseAllDocuments(text)) {
    const [error] = document.errors
    if (error !== undefined) throw error
    const object: unknown = document.toJS()
    if (object === null) continue
    const key = `${textAt(object, "kind")}/${textAt(object, "metadata", "name")}`
    const place = textAt(object, "metadata", "namespace")
    const unique = objects.has(key) ? `${key} in ${place}` : key
    if (objects.has(unique)) throw new Error(`the chart renders ${unique} twice`)
    objects.set(unique, object)
  }
  return objects
}

function templateArgs(): readonly string[] {
  return ["template", "sidegate", CHART, "-n", NAMESPACE, "--values", "-"]
}
