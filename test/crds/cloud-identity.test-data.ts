/** Cloud identities of AIProviders: every way, and what the unions refuse. */
import { objectOf, type Sample, type SampleObject, sample } from "./sample.ts"

const AT = "spec.credentials.workloadIdentity"
const TENANT = "11111111-2222-3333-4444-555555555555"
const CLIENT = "66666666-7777-8888-9999-000000000000"
const ROLE = "arn:aws:iam::123456789012:role/team/sidegate"
const POOL =
  "//iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/k8s/providers/cluster"

const provider = (credentials: object): SampleObject =>
  objectOf("AIProvider", {
    schema: "OpenAI",
    endpoint: "https://api.example.com/v1",
    allowedNamespaces: { from: "All" },
    credentials,
  })
const identity = (workloadIdentity: object): SampleObject =>
  provider({ type: "WorkloadIdentity", workloadIdentity })
const aws = (member: object): SampleObject => identity({ type: "AWS", aws: member })
const google = (member: object): SampleObject => identity({ type: "Google", google: member })
const azure = (member: object): SampleObject => identity({ type: "Azure", azure: member })

const REGION = { region: "eu-central-1" }
const KEY = { name: "google-key", key: "key.json" }
const SECRET = { name: "entra-secret", key: "client-secret" }

export function identitySamples(): readonly Sample[] {
  return [...awsSamples(), ...googleSamples(), ...azureSamples(), ...unionSamples()]
}

function awsSamples(): readonly Sample[] {
  return [
    sample("web identity of AWS", aws({ type: "WebIdentity", ...REGION, roleArn: ROLE })),
    sample(
      "web identity whose role the environment names",
      aws({ type: "WebIdentity", ...REGION }),
    ),
    sample("pod identity of AWS", aws({ type: "PodIdentity", region: "us-gov-west-1" })),
    sample(
      "web identity in the European Sovereign Cloud",
      aws({ type: "WebIdentity", region: "eusc-de-east-1" }),
    ),
    sample(
      "an access key of AWS",
      aws({ type: "AccessKey", ...REGION, accessKey: { name: "aws-key" } }),
    ),
    sample(
      "an access key that is not named",
      aws({ type: "AccessKey", ...REGION }),
      `${AT}.aws.accessKey: accessKey is required when type is AccessKey`,
    ),
    sample(
      "an access key that PodIdentity would ignore",
      aws({ type: "PodIdentity", ...REGION, accessKey: { name: "aws-key" } }),
      `${AT}.aws.accessKey: accessKey is required when type is AccessKey`,
    ),
    sample(
      "AWS without a region",
      aws({ type: "PodIdentity" }),
      `${AT}.aws.region: Required value`,
    ),
    sample(
      "a zone in place of a region",
      aws({ type: "PodIdentity", region: "eu-central-1a" }),
      `${AT}.aws.region: should match`,
    ),
    sample(
      "a user in place of a role",
      aws({ type: "PodIdentity", ...REGION, roleArn: "arn:aws:iam::123456789012:user/me" }),
      `${AT}.aws.roleArn: should match`,
    ),
    sample(
      "an access key in the clear",
      aws({ type: "PodIdentity", ...REGION, secretAccessKey: "wJalr" }),
      `unknown field "${AT}.aws.secretAccessKey"`,
    ),
  ]
}

function googleSamples(): readonly Sample[] {
  return [
    sample(
      "a federated token of Google",
      google({ type: "FederatedToken", federatedToken: { audience: POOL } }),
    ),
    sample(
      "a service account that is impersonated",
      google({
        type: "FederatedToken",
        federatedToken: { audience: POOL, serviceAccount: "a-b@c.iam.gserviceaccount.com" },
      }),
    ),
    sample("a key file of Google", google({ type: "ServiceAccountKey", serviceAccountKey: KEY })),
    sample(
      "a key file beside a federated token",
      google({
        type: "FederatedToken",
        federatedToken: { audience: POOL },
        serviceAccountKey: KEY,
      }),
      `${AT}.google.serviceAccountKey: serviceAccountKey is required when type is`,
    ),
    sample(
      "a federated token without its pool",
      google({ type: "FederatedToken" }),
      `${AT}.google.federatedToken: federatedToken is required when type is FederatedToken`,
    ),
    sample(
      "a service account that is a path",
      google({
        type: "FederatedToken",
        federatedToken: { audience: POOL, serviceAccount: "../x@evil.example" },
      }),
      `${AT}.google.federatedToken.serviceAccount: should match`,
    ),
  ]
}

function azureSamples(): readonly Sample[] {
  return [
    sample("a federated token of Entra", azure({ type: "FederatedToken" })),
    sample(
      "with its tenant, client and scope",
      azure({
        type: "FederatedToken",
        tenantId: TENANT,
        clientId: CLIENT,
        scope: "https://ai.azure.com/.default",
      }),
    ),
    sample(
      "a client secret of Entra",
      azure({ type: "ClientSecret", tenantId: TENANT, clientId: CLIENT, clientSecret: SECRET }),
    ),
    sample(
      "a client secret without its client",
      azure({ type: "ClientSecret", tenantId: TENANT, clientSecret: SECRET }),
      `${AT}.azure: tenantId and clientId are required when type is ClientSecret`,
    ),
    sample(
      "a client secret that is not named",
      azure({ type: "ClientSecret", tenantId: TENANT, clientId: CLIENT }),
      `${AT}.azure.clientSecret: clientSecret is required when type is ClientSecret`,
    ),
    sample(
      "a token for something other than models",
      azure({ type: "FederatedToken", scope: "https://graph.microsoft.com/.default" }),
      `${AT}.azure.scope: Unsupported value`,
    ),
    sample(
      "a tenant by its name",
      azure({ type: "FederatedToken", tenantId: "contoso.onmicrosoft.com" }),
      `${AT}.azure.tenantId: should match`,
    ),
  ]
}

function unionSamples(): readonly Sample[] {
  return [
    sample(
      "an identity that is not named",
      provider({ type: "WorkloadIdentity" }),
      "spec.credentials.workloadIdentity: workloadIdentity is required when type is",
    ),
    sample(
      "an identity that None would ignore",
      provider({
        type: "None",
        workloadIdentity: { type: "AWS", aws: { type: "PodIdentity", ...REGION } },
      }),
      "spec.credentials.workloadIdentity: workloadIdentity is required when type is",
    ),
    sample(
      "the member of another cloud",
      identity({ type: "Google", aws: { type: "PodIdentity", ...REGION } }),
      `${AT}.aws: aws is required when type is AWS`,
      `${AT}.google: google is required when type is Google`,
    ),
    sample(
      "a cloud that is not spoken to",
      identity({ type: "OnPremises" }),
      `${AT}.type: Unsupported value`,
    ),
  ]
}
