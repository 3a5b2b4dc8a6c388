import type { InjectSettings } from "#operator/inject/sidecar.ts"
import { SIZE_DEFAULTS } from "#operator/inject/size.ts"

export const SETTINGS: InjectSettings = {
  release: "1.2.3",
  image: "registry.example/sidegate-proxy:1.2.3",
  imagePullPolicy: "IfNotPresent",
  operatorUrl: "https://sidegate-operator.sidegate-system.svc:8443",
  runAsUser: 64141,
  runAsGroup: 64141,
  logLevel: "info",
  size: SIZE_DEFAULTS,
}
