/** What docs/providers.md says of vendors is what the table says that decides. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { PROVIDER_SCHEMAS } from "#proxy/contract/snapshot.ts"
import { VENDORS } from "#proxy/contract/vendors.ts"
import { vendorTraits } from "#proxy/providers/openai/vendors.ts"

const PAGE = readFileSync(join(import.meta.dirname, "../docs/providers.md"), "utf8")

test.each(VENDORS.map((vendor) => [vendor.name, vendor] as const))(
  "the row of %s is as it is",
  (name, { endpoint, hosts }) => {
    const { reference, streamUsage } = vendorTraits(name)
    const where = endpoint === null ? "required" : `\`${endpoint}\``
    const known = hosts.map((host) => `\`${host}\``).join(", ") || "-"
    expect(PAGE).toContain(`| [\`${name}\`](${reference}) | ${where} | ${known} | ${streamUsage} |`)
  },
)

test.each(PROVIDER_SCHEMAS)("schema %s has a row", (schema) => {
  expect(PAGE).toMatch(new RegExp(`^\\| \`${schema}\` \\|`, "m"))
})
