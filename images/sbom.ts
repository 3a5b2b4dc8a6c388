/**
 * What is in an image, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/).
 *
 * In: the packages of the bundle. Out: JSON, the same for the same contents: no date, no random
 * serial number. Pure but for the version of Node that runs it, which is the one that is packed.
 */
import type { BundledPackage, ImageName } from "./bundle.ts"
import { LICENSES } from "./labels.ts"

export function describeContents(
  name: ImageName,
  release: string,
  packages: readonly BundledPackage[],
): string {
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "container",
        "bom-ref": name,
        name,
        version: release,
        licenses: [{ expression: LICENSES }],
      },
    },
    components: [
      component({ name: "node", version: process.versions.node, license: "MIT" }, "platform"),
      ...packages.map((one) => component(one, "library")),
    ],
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function component({ name, version, license }: BundledPackage, type: "library" | "platform") {
  const kind = type === "library" ? "npm" : "generic"
  const purl = `pkg:${kind}/${name.replace("@", "%40")}@${version}`
  return { type, "bom-ref": purl, name, version, purl, licenses: [{ expression: license }] }
}
