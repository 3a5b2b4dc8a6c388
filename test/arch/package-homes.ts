/**
 * The home of each npm package: `architecture.md` section 2 as a table. A package that is not in it
 * has no home, so the import fails until the table and `docs/dependencies.md` name it.
 */
import { isProduct, type ParsedFile, type Violation } from "./source-file.ts"

const ROUTING = ["proxy/server", "operator/publish", "operator/intake", "operator/inject"]

/** Folders whose files may import the package at run time. */
export const PACKAGE_HOMES: Readonly<Record<string, readonly string[]>> = {
  hono: [...ROUTING, "operator/console"],
  "@hono/node-server": [...ROUTING, "operator/console"],
  undici: ["proxy/upstream", "proxy/sync", "proxy/report"],
  "eventsource-parser": ["proxy/wire"],
  "prom-client": ["proxy/telemetry", "operator/telemetry"],
  pino: ["proxy/telemetry", "operator/telemetry"],
  "@kubernetes/client-node": ["operator/kube"],
  zod: ["operator/api", "cli"],
  selfsigned: ["operator/certificates"],
  "@aws-sdk/client-sts": ["operator/credentials"],
  "@aws-sdk/credential-provider-http": ["operator/credentials"],
  "@azure/msal-node": ["operator/credentials"],
  "google-auth-library": ["operator/credentials"],
  commander: ["cli"],
  yaml: ["cli"],
  "@bufbuild/cel": ["cli"],
  // For the generator of the built-in catalogue; it never ships.
  "@pydantic/genai-prices": ["operator/compile/catalogue"],
}

/** Payload types kept by the vendors: nothing of them is left at run time. */
export const TYPE_ONLY_HOMES: Readonly<Record<string, readonly string[]>> = {
  openai: ["proxy/surfaces", "proxy/providers"],
}

/** Imports of packages outside their home, or without one. */
export function checkPackageHomes(files: readonly ParsedFile[]): readonly Violation[] {
  return files
    .filter((file) => isProduct(file.path))
    .flatMap((file) =>
      file.imports.flatMap(({ specifier, target, isTypeOnly, line }) => {
        if (target !== null || specifier.startsWith("node:")) return []
        const name = packageName(specifier)
        const homes = [
          ...(PACKAGE_HOMES[name] ?? []),
          ...(isTypeOnly ? (TYPE_ONLY_HOMES[name] ?? []) : []),
        ]
        if (homes.some((home) => file.path.startsWith(`${home}/`))) return []
        const where = homes.length === 0 ? "has no home" : `lives in ${homes.join(", ")}`
        return [{ path: file.path, line, message: `package ${name} ${where}` }]
      }),
    )
}

/** `@bufbuild/cel` of `@bufbuild/cel/ext`. */
export function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")
}

/** Runtime dependencies of package.json that `docs/dependencies.md` has no row for. */
export function checkDependencyRecords(
  dependencies: readonly string[],
  document: string,
): readonly Violation[] {
  return dependencies
    .filter((name) => !document.includes(`| ${name} |`) && !document.includes(`| \`${name}\` |`))
    .map((name) => ({
      path: "docs/dependencies.md",
      line: 1,
      message: `no row for ${name}: size, licence, last release, who else could do it`,
    }))
}
