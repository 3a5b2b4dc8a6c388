/**
 * Reads an object as compiling will, before anything is compiled, and alone: what happens meanwhile
 * is its doing. What was made of it is remembered, so nothing is read twice.
 */
import { isSharedRoute } from "#operator/index/entry.ts"
import type { ConfigObject } from "#operator/index/view.ts"
import { readPolicy } from "./policies.ts"
import { readCatalog } from "./prices.ts"
import { readProvider } from "./providers.ts"
import { readOwnRoute, readSharedRoute } from "./routes.ts"
import { readQuota } from "./teams.ts"

export function readAhead(object: ConfigObject, operatorNamespace: string): void {
  switch (object.kind) {
    case "AIProvider":
      readProvider(object)
      return
    case "ModelCatalog":
      readCatalog(object)
      return
    case "ModelPolicy":
      readPolicy(object)
      return
    case "TeamQuota":
      readQuota(object)
      return
    case "AIRoute":
      if (isSharedRoute(object, operatorNamespace)) readSharedRoute(object)
      else readOwnRoute(object)
      return
    default:
  }
}
