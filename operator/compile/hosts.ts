/**
 * Where credentials may go: the hosts that the owner of a Secret lists, or, for an identity without
 * a Secret, the cloud's own endpoints for models and what the operator's settings add. Editing an
 * AIProvider is no way to carry either elsewhere, whatever its `network` says.
 */
import type { CloudIdentity } from "./cloud-identity.ts"

/** Endpoints that the cloud itself runs, and that customers cannot be: never all of its domain. */
const REGION = "[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}"
const BEDROCK = `bedrock(-[a-z]+)*[.]${REGION}`
/** By partition: commercial and GovCloud, China, the European Sovereign Cloud. */
const AMAZON = "amazonaws[.](com([.]cn)?|eu)"
const OF_REGION = new RegExp(`bedrock(?:-[a-z]+)*[.](${REGION})[.](?:vpce[.])?(?:amazonaws|api)[.]`)
const CLOUD_HOSTS: Readonly<Record<Cloud, { readonly pattern: RegExp; readonly example: string }>> =
  {
    AWS: {
      pattern: new RegExp(
        `^(${BEDROCK}[.](${AMAZON}|api[.]aws)|` +
          `vpce-[a-z0-9-]+[.]${BEDROCK}[.]vpce[.]${AMAZON})$`,
      ),
      example: "bedrock-runtime.REGION.amazonaws.com",
    },
    Google: {
      pattern:
        /^(([a-z0-9-]+-)?aiplatform(\.[a-z0-9-]+\.rep)?|generativelanguage)\.googleapis\.com$/,
      example: "LOCATION-aiplatform.googleapis.com",
    },
    Azure: {
      pattern: /^[a-z0-9-]+\.(openai|cognitiveservices|services\.ai)\.azure\.(com|us|cn)$/,
      example: "NAME.openai.azure.com",
    },
  }

export type Cloud = "AWS" | "Google" | "Azure"

export function cloudOf({ kind }: CloudIdentity): Cloud {
  if (kind.startsWith("aws-")) return "AWS"
  return kind.startsWith("google-") ? "Google" : "Azure"
}

/** Null when the credentials may go to `origin`; else why not, for the condition. */
export function refuseCloudHost(
  cloud: Cloud,
  origin: string,
  cloudHosts: readonly string[],
): string | null {
  const { pattern, example } = CLOUD_HOSTS[cloud]
  const url = new URL(origin)
  if (url.protocol === "https:" && pattern.test(url.hostname)) return null
  if (isHostAllowed(origin, cloudHosts)) return null
  const only = `credentials of ${cloud} go only to its own endpoints for models, as ${example}`
  return `${only}: ${url.host} must be in the operator's list of further hosts (cloud.allowedHosts)`
}

/**
 * Null when requests signed for the identity's region are good at `origin`; else why not. AWS tells
 * only that a signature is not valid. Hosts that are not AWS's own stand for any region.
 */
export function refuseRegion(identity: CloudIdentity, origin: string): string | null {
  if (!("region" in identity)) return null
  const region = OF_REGION.exec(new URL(origin).hostname)?.[1]
  if (region === undefined || region === identity.region) return null
  return `it is in ${region}, and aws.region has requests signed for ${identity.region}`
}

/** An entry is a host, on any port, or `host:port`; whole, without wildcards. */
export function isHostAllowed(origin: string, allowedHosts: readonly string[]): boolean {
  const url = new URL(origin)
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port
  return allowedHosts.some((entry) => {
    const host = entry.trim().toLowerCase()
    return host === url.hostname || host === `${url.hostname}:${port}`
  })
}
