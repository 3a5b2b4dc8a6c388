/** Which namespaces a choice selects: `metav1.LabelSelector` on the labels of a Namespace. */
import type { LabelSelectorSpec, NamespaceChoice } from "#operator/api/v1alpha1/fields.ts"

type Labels = Readonly<Record<string, string>>

/** Anything but `All` and `Selector` selects nothing. */
export function selects(choice: NamespaceChoice, labels: Labels): boolean {
  if (choice.from === "All") return true
  if (choice.from !== "Selector" || choice.selector === undefined) return false
  return selectsLabels(choice.selector, labels)
}

function selectsLabels(selector: LabelSelectorSpec, labels: Labels): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labelOf(labels, key) !== value) return false
  }
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labelOf(labels, key)
    switch (operator) {
      case "In":
        return value !== undefined && values.includes(value)
      case "NotIn":
        return value === undefined || !values.includes(value)
      case "Exists":
        return value !== undefined
      case "DoesNotExist":
        return value === undefined
      default:
        return operator satisfies never
    }
  })
}

export function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined
}
