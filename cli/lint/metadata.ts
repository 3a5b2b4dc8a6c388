/** What the API server asks of `metadata`, whatever the kind. */
import { asRecord } from "#cli/manifests/manifest.ts"
import type { Fault } from "./fault.ts"

/** Fields of `metav1.ObjectMeta`. */
const METADATA_FIELDS: readonly string[] = [
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

const WORD = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
const SUBDOMAIN_SOURCE = `${WORD}(\\.${WORD})*`
const SUBDOMAIN = new RegExp(`^${SUBDOMAIN_SOURCE}$`)
const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or " +
  "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used " +
  `for validation is '${SUBDOMAIN_SOURCE}')`
const NAME_MAX = 253
const LABEL_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/

/** Fields of `metadata` that the API server does not know. */
export function findUnknownMetadata(metadata: unknown): readonly Fault[] {
  return Object.keys(asRecord(metadata) ?? {})
    .filter((name) => !METADATA_FIELDS.includes(name))
    .map((name) => {
      const path = `metadata.${name}`
      return { path, message: `unknown field "${path}"`, isBlocking: true }
    })
}

/**
 * A number or `true` in a map of texts: YAML reads an unquoted word so, and the API server reads no
 * further.
 */
export function findUnreadableMetadata(metadata: unknown): readonly Fault[] {
  return ["labels", "annotations"].flatMap((map) =>
    Object.entries(asRecord(asRecord(metadata)?.[map]) ?? {}).flatMap(([key, value]) => {
      if (typeof value === "string" || value === null) return []
      const shown = JSON.stringify(value)
      const message = `Invalid value: ${shown} of ${key}: must be text: write it in quotes`
      return [{ path: `metadata.${map}`, message, isBlocking: true }]
    }),
  )
}

/** The name and the labels of an object whose metadata can be read. */
export function checkMetadata(metadata: unknown): readonly Fault[] {
  const fields = asRecord(metadata) ?? {}
  return [...checkName(fields["name"]), ...checkLabels(fields["labels"])]
}

function checkName(name: unknown): readonly Fault[] {
  const path = "metadata.name"
  if (typeof name !== "string" || name === "") {
    const message = "Required value: name or generateName is required"
    return [{ path, message, isBlocking: true }]
  }
  const invalid = (rest: string): readonly Fault[] => [
    { path, message: `Invalid value: ${JSON.stringify(name)}: ${rest}`, isBlocking: false },
  ]
  return [
    ...(name.length > NAME_MAX ? invalid(`must be no more than ${NAME_MAX} characters`) : []),
    ...(SUBDOMAIN.test(name) ? [] : invalid(SUBDOMAIN_RULE)),
  ]
}

function checkLabels(labels: unknown): readonly Fault[] {
  const invalid = (text: string, rest: string): Fault => {
    const message = `Invalid value: ${JSON.stringify(text)}: ${rest}`
    return { path: "metadata.labels", message, isBlocking: false }
  }
  return Object.entries(asRecord(labels) ?? {}).flatMap(([key, value]) => {
    const parts = key.split("/")
    const isKey =
      parts.length <= 2 &&
      LABEL_NAME.test(parts.at(-1) ?? "") &&
      (parts.length === 1 || SUBDOMAIN.test(parts[0] ?? ""))
    const isValue = value === "" || (typeof value === "string" && LABEL_NAME.test(value))
    return [
      ...(isKey
        ? []
        : [invalid(key, "a label key is [PREFIX/]NAME of letters, digits, '-', '_', '.'")]),
      ...(isValue
        ? []
        : [invalid(String(value), "a label value is letters, digits, '-', '_', '.'")]),
    ]
  })
}
