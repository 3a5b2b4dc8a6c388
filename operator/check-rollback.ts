/**
 * `SIDEGATE_ROLE=check-rollback`: whether this release may take the place of a later one, asked
 * by the chart before it rolls back to this release.
 *
 * In: every object of our kinds. Out: exit code 0; or 1 and a line for each object with fields that
 * this release's CRDs do not have, since the API server drops them at the object's next write; or 2
 * when the objects could not be read. What this release knows and judges otherwise is no loss, and
 * is told by the object's status.
 */
import { RELEASE } from "#proxy/contract/release.ts"
import { structural } from "./api/v1alpha1/crd.ts"
import type { KindDefinition } from "./api/v1alpha1/kind-definition.ts"
import { GROUP, KINDS, VERSION } from "./api/v1alpha1/registry.ts"
import { findUnknownFields } from "./api/v1alpha1/unknown-fields.ts"
import { at, listAt, textAt } from "./kube/json-path.ts"
import { createKubeClient, type KubeClient, loadKubeConfig } from "./kube/kube-client.ts"
import { isRefusal } from "./kube/kube-error.ts"
import { errorText } from "./telemetry/log.ts"

const PAGE_OBJECTS = 500
/** Objects that are named; the rest is counted. */
const OBJECTS_NAMED_MAX = 50
const FIELDS_NAMED_MAX = 10

/** The exit code; the reasons are on stderr, where the pod's status shows them. */
export async function checkRollback(): Promise<0 | 1 | 2> {
  const client = createKubeClient(loadKubeConfig(process.env["SIDEGATE_KUBECONFIG"] || null))
  try {
    const losses = await findRollbackLosses(client)
    if (losses.length === 0) return 0
    const lines = [
      `Sidegate ${RELEASE} does not know these fields and would drop them. Remove them first,`,
      "or roll back with --no-hooks and lose them:",
      ...losses.map((loss) => `  ${loss}`),
    ]
    process.stderr.write(`${lines.join("\n")}\n`)
    return 1
  } catch (error) {
    process.stderr.write(`the objects could not be read: ${errorText(error)}\n`)
    return 2
  } finally {
    client.close()
  }
}

/** Sentences for people; empty when nothing would be lost. Rejects when the API server does. */
export async function findRollbackLosses(client: KubeClient): Promise<readonly string[]> {
  const losses: string[] = []
  for (const kind of KINDS) {
    if (kind.spec === null) continue
    const schema = structural(kind.spec)
    for await (const object of objectsOf(client, kind)) {
      const fields = findUnknownFields(schema, at(object, "spec"), "spec")
      if (fields.length > 0) losses.push(`${nameOf(kind, object)}: ${listFields(fields)}`)
    }
  }
  const more = losses.length - OBJECTS_NAMED_MAX
  if (more <= 0) return losses
  return [...losses.slice(0, OBJECTS_NAMED_MAX), `and ${more} more objects`]
}

async function* objectsOf(client: KubeClient, kind: KindDefinition): AsyncGenerator<unknown> {
  let next = ""
  do {
    const page = await readPage(client, kind, next)
    yield* listAt(page, "items")
    next = textAt(page, "metadata", "continue") ?? ""
  } while (next !== "")
}

/** A kind that is not served has no objects to lose. */
async function readPage(client: KubeClient, kind: KindDefinition, next: string): Promise<unknown> {
  const path = `/apis/${GROUP}/${VERSION}/${kind.plural}`
  const query = { limit: String(PAGE_OBJECTS), ...(next === "" ? {} : { continue: next }) }
  try {
    return await client.request({ method: "GET", path, query })
  } catch (error) {
    if (isRefusal(error, 404)) return undefined
    throw error
  }
}

function nameOf({ kind }: KindDefinition, object: unknown): string {
  const namespace = textAt(object, "metadata", "namespace")
  const name = textAt(object, "metadata", "name") ?? ""
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}

function listFields(fields: readonly string[]): string {
  const more = fields.length - FIELDS_NAMED_MAX
  const named = fields.slice(0, FIELDS_NAMED_MAX).join(", ")
  return more > 0 ? `${named} and ${more} more` : named
}
