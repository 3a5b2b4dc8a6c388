/** What the API server asks of `metadata`, whatever the kind. */
import { asRecord } from "#cli/manifests/manifest.ts"
import type { Fault } from "./fault.ts"

/** Fields of `metav1.ObjectMeta`. */
export const METADATA_FIELDS: readonly string[] = [
  "annotations",
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "finalizers",
  "generateName",
  "generation",
  "labels",
  "managedFields",
  "name",
  "namespace",
  "ownerReferences",
  "resourceVersion",
  "selfLink",
  "uid",
]

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
const SUBDOMAIN_SOURCE = `${LABEL}(\\.${LABEL})*`
const SUBDOMAIN = new RegExp(`^${SUBDOMAIN_SOURCE}$`)
const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " +
  "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  `'${SUBDOMAIN_SOURCE}')`
const NAME_MAX = 253

export function checkMetadata(metadata: unknown): readonly Fault[] {
  const fields = asRecord(metadata) ?? {}
  const name = fields["name"]
  if (typeof name !== "string" || name === "") {
    const message = "Required value: name or generateName is required"
    return [{ path: "metadata.name", message, isBlocking: true }]
  }
  const invalid = (rest: string): readonly Fault[] => [
    {
      path: "metadata.name",
      message: `Invalid value: ${JSON.stringify(name)}: ${rest}`,
      isBlocking: false,
    },
  ]
  return [
    ...(name.length > NAME_MAX ? invalid(`must be no more than ${NAME_MAX} characters`) : []),
    ...(SUBDOMAIN.test(name) ? [] : invalid(SUBDOMAIN_RULE)),
    ...["labels", "annotations"].flatMap((map) => checkTexts(fields[map], `metadata.${map}`)),
  ]
}

/** A number or `true` in a map of texts is the commonest slip: YAML reads an unquoted word so. */
function checkTexts(map: unknown, path: string): readonly Fault[] {
  return Object.entries(asRecord(map) ?? {}).flatMap(([key, value]) => {
    if (typeof value === "string") return []
    const message = `Invalid value: ${JSON.stringify(value)}: must be text: write it in quotes`
    return [{ path: `${path}.${key}`, message, isBlocking: true }]
  })
}
