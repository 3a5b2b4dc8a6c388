/** The vendors of OpenAI's shape: where they are, and how they differ from OpenAI's own API. */
import { VENDORS } from "#proxy/contract/vendors.ts"
import { CHAT_FEATURES, type ChatFeature } from "#proxy/exchange/chat-feature.ts"
import { type VendorTraits, vendorTraits } from "#proxy/providers/openai/vendors.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { markdownTable } from "./replace-table.ts"
import { ofVendor, wiresAt } from "./upstreams.ts"

export function vendorTable(): string {
  const rows = VENDORS.map(({ name, endpoint, hosts }) => {
    const { reference, streamUsage } = vendorTraits(name)
    const where = endpoint === null ? "required" : `\`${endpoint}\``
    const known = hosts.map((host) => `\`${host}\``).join(", ") || "-"
    return [`[\`${name}\`](${reference})`, where, known, streamUsage]
  })
  return markdownTable(
    ["`spec.vendor`", "endpoint when absent", "recognised by", "usage in streams"],
    rows,
  )
}

export function vendorDifferences(): string {
  const plain = vendorTraits(null)
  const rows = VENDORS.map(({ name }) => {
    const traits = vendorTraits(name)
    const changed = CHAT_FEATURES.filter((one) => !isSame(traits, plain, one))
    const to = (support: "yes" | "no") => changed.filter((one) => traits.features[one] === support)
    const dropped = changed.filter((one) => typeof traits.features[one] === "object")
    return [
      `\`${name}\``,
      surfacesOf(name),
      listOf(to("no")),
      listOf(to("yes")),
      listOf(dropped),
      `\`${traits.outputLimit}\`, \`${traits.seed}\``,
    ]
  })
  return markdownTable(
    ["vendor", "passed surfaces", "refused too", "taken too", "left out too", "names of fields"],
    rows,
  )
}

function isSame(traits: VendorTraits, other: VendorTraits, feature: ChatFeature): boolean {
  return JSON.stringify(traits.features[feature]) === JSON.stringify(other.features[feature])
}

function surfacesOf(vendor: string): string {
  const wires = new Set(wiresAt(ofVendor(vendor)).map(({ name }) => name))
  const names = Object.values(SURFACES).filter(({ wire }) => wires.has(wire))
  return names.map(({ name }) => name.replace("openai-", "")).join(", ")
}

function listOf(features: readonly ChatFeature[]): string {
  return features.length === 0 ? "-" : features.map((feature) => `\`${feature}\``).join(", ")
}
