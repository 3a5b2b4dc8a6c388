/**
 * `metav1.LabelSelector` against the pod's labels as the operator sees them; settled at link time.
 */
import type { LabelSelector } from "#proxy/contract/snapshot.ts"

/**
 * An empty selector selects everything, as in Kubernetes; `NotIn` also holds for an absent label.
 */
export function selectsWorkload(
  selector: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  const label = (key: string): string | undefined =>
    Object.hasOwn(labels, key) ? labels[key] : undefined
  for (const [key, value] of Object.entries(selector.matchLabels)) {
    if (label(key) !== value) return false
  }
  return selector.matchExpressions.every((expression) => holds(expression, label(expression.key)))
}

function holds(
  expression: LabelSelector["matchExpressions"][number],
  value: string | undefined,
): boolean {
  switch (expression.operator) {
    case "In":
      return value !== undefined && expression.values.includes(value)
    case "NotIn":
      return value === undefined || !expression.values.includes(value)
    case "Exists":
      return value !== undefined
    case "DoesNotExist":
      return value === undefined
  }
}
