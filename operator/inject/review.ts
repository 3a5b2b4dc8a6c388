/**
 * An AdmissionReview of a pod's creation in, the API server's answer out: pure.
 *
 * In    the parsed body, the namespace's mode (from the path: a review does not carry the labels of
 *       its namespace), the settings.
 * Out   an answer that always allows. `dryRun` and a call of the same pod again make no difference:
 *       nothing is remembered and nothing is done.
 */
import { type Injection, type InjectNamespace, inject, type SkipReason } from "./inject.ts"
import { fieldOf } from "./pod.ts"
import type { InjectSettings } from "./sidecar.ts"

export type Review =
  | { readonly kind: "answer"; readonly body: AdmissionAnswer; readonly outcome: ReviewOutcome }
  /** No AdmissionReview that could be answered. */
  | { readonly kind: "malformed"; readonly message: string }

/** Closed, for a metric's label. */
export type ReviewOutcome = "injected" | "unchanged" | "left" | SkipReason

export interface AdmissionAnswer {
  readonly apiVersion: "admission.k8s.io/v1"
  readonly kind: "AdmissionReview"
  readonly response: {
    readonly uid: string
    readonly allowed: true
    readonly patchType?: "JSONPatch"
    /** Base64 of the patch as JSON. */
    readonly patch?: string
    readonly warnings?: readonly string[]
  }
}

/** The API server cuts longer ones, and all together at 4 KiB. */
const WARNING_CHARACTERS_MAX = 256
/** A UID has 36. */
const UID_CHARACTERS_MAX = 128

export function reviewPod(
  raw: unknown,
  namespace: InjectNamespace,
  settings: InjectSettings,
): Review {
  const request = fieldOf(raw, "request")
  const uid = fieldOf(request, "uid")
  if (fieldOf(raw, "apiVersion") !== "admission.k8s.io/v1") {
    return { kind: "malformed", message: "apiVersion must be admission.k8s.io/v1" }
  }
  if (typeof uid !== "string" || uid === "" || uid.length > UID_CHARACTERS_MAX) {
    return { kind: "malformed", message: "request.uid is missing" }
  }
  const unasked = whyUnasked(request)
  const injection: Injection =
    unasked === null
      ? inject(fieldOf(request, "object"), namespace, settings)
      : { kind: "leave", warning: unasked }
  const patch = injection.kind === "leave" ? [] : injection.patch
  const warnings = warningsOf(injection).map((text) => cut(`Sidegate: ${text}`))
  return {
    kind: "answer",
    outcome: outcomeOf(injection),
    body: {
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: {
        uid,
        allowed: true,
        ...(patch.length === 0
          ? {}
          : {
              patchType: "JSONPatch",
              patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
            }),
        ...(warnings.length === 0 ? {} : { warnings }),
      },
    },
  }
}

/** The configuration asks for new pods only; anything else passes as it is. */
function whyUnasked(request: unknown): string | null {
  const kind = fieldOf(request, "kind")
  const isPod =
    fieldOf(kind, "group") === "" &&
    fieldOf(kind, "version") === "v1" &&
    fieldOf(kind, "kind") === "Pod"
  if (!isPod) return "the webhook takes pods of v1 only; its configuration asks for more"
  if (fieldOf(request, "operation") === "CREATE") return null
  return "the webhook takes the creation of pods only; its configuration asks for more"
}

function warningsOf(injection: Injection): readonly string[] {
  switch (injection.kind) {
    case "patch":
      return injection.warnings
    case "skip":
      if (injection.warning === null) return []
      return [`no sidecar was injected (${injection.reason}): ${injection.warning}`]
    case "leave":
      return injection.warning === null ? [] : [injection.warning]
    default:
      return injection satisfies never
  }
}

function outcomeOf(injection: Injection): ReviewOutcome {
  if (injection.kind === "skip") return injection.reason
  if (injection.kind === "leave") return "left"
  return injection.patch.length === 0 ? "unchanged" : "injected"
}

function cut(text: string): string {
  return text.length <= WARNING_CHARACTERS_MAX
    ? text
    : `${text.slice(0, WARNING_CHARACTERS_MAX - 1)}…`
}
