/**
 * How an AIProvider's requests are authorised: by a key of a Secret, or by short-lived credentials
 * of a cloud, which the operator obtains and renews. A sidecar never gets a long-lived cloud key.
 */
import * as z from "zod"
import { ruled } from "./rule.ts"

const secretName = () =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
    .describe(
      "Name of a Secret in the credentials namespace, of type " +
        "`sidegate.dev/provider-credential`, whose annotation `sidegate.dev/allowed-hosts` " +
        "names the endpoint's host.",
    )

const secretKey = (holds: string) =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(/^[-._a-zA-Z0-9]+$/)
    .describe(`Key within the Secret that holds ${holds}.`)

const secretReference = (holds: string) =>
  z.strictObject({ name: secretName(), key: secretKey(holds) })

const Aws = ruled(
  z.strictObject({
    type: z
      .enum(["WebIdentity", "PodIdentity", "AccessKey"])
      .describe(
        "`WebIdentity`: the projected token of the operator's ServiceAccount, exchanged at STS " +
          "(IAM roles for service accounts). `PodIdentity`: the container credentials endpoint " +
          "(EKS Pod Identity). `AccessKey`: an access key in a Secret, exchanged at STS for a " +
          "session of an hour.",
      ),
    region: z
      .string()
      .max(32)
      .regex(/^[a-z]{2,4}(-[a-z]{1,12}){1,3}-[0-9]{1,2}$/)
      .describe("Region of the endpoint and of STS, for example `eu-central-1`."),
    roleArn: z
      .string()
      .max(256)
      .regex(/^arn:aws[a-z-]{0,16}:iam::[0-9]{12}:role\/[A-Za-z0-9+=,.@_/-]{1,200}$/)
      .describe(
        "IAM role to assume, for example `arn:aws:iam::123456789012:role/sidegate`. When absent: " +
          "the role that the environment of the operator names (WebIdentity), the pod's own role " +
          "(PodIdentity), or a session of the access key's own user (AccessKey).",
      )
      .optional(),
    accessKey: z
      .strictObject({ name: secretName() })
      .describe(
        "Secret with the keys `access-key-id` and `secret-access-key`; required with `type: " +
          "AccessKey`, forbidden otherwise.",
      )
      .optional(),
  }),
  [
    {
      cel: "(self.type == 'AccessKey') == has(self.accessKey)",
      message: "accessKey is required when type is AccessKey, and forbidden otherwise",
      fieldPath: ".accessKey",
      holds: ({ type, accessKey }) => (type === "AccessKey") === (accessKey !== undefined),
    },
  ],
)

const Google = ruled(
  z.strictObject({
    type: z
      .enum(["FederatedToken", "ServiceAccountKey"])
      .describe(
        "`FederatedToken`: the projected token of the operator's ServiceAccount, exchanged at " +
          "Google's STS (workload identity federation). `ServiceAccountKey`: a service account's " +
          "key file in a Secret.",
      ),
    federatedToken: z
      .strictObject({
        audience: z
          .string()
          .min(1)
          .max(512)
          .regex(/^[!-~]+$/)
          .describe(
            "Resource name of the workload identity provider, for example " +
              "`//iam.googleapis.com/projects/1234/locations/global/workloadIdentityPools/k8s/" +
              "providers/cluster`.",
          ),
        serviceAccount: z
          .string()
          .max(256)
          .regex(/^[a-z0-9][a-z0-9.-]*@[a-z0-9.-]+$/)
          .describe(
            "Service account to impersonate, by its address. When absent the federated identity " +
              "itself is used.",
          )
          .optional(),
      })
      .describe("Required with `type: FederatedToken`, forbidden otherwise.")
      .optional(),
    serviceAccountKey: secretReference("the service account's key file, JSON as Google gives it")
      .describe("Required with `type: ServiceAccountKey`, forbidden otherwise.")
      .optional(),
  }),
  [
    {
      cel: "(self.type == 'FederatedToken') == has(self.federatedToken)",
      message: "federatedToken is required when type is FederatedToken, and forbidden otherwise",
      fieldPath: ".federatedToken",
      holds: ({ type, federatedToken }) =>
        (type === "FederatedToken") === (federatedToken !== undefined),
    },
    {
      cel: "(self.type == 'ServiceAccountKey') == has(self.serviceAccountKey)",
      message:
        "serviceAccountKey is required when type is ServiceAccountKey, and forbidden otherwise",
      fieldPath: ".serviceAccountKey",
      holds: ({ type, serviceAccountKey }) =>
        (type === "ServiceAccountKey") === (serviceAccountKey !== undefined),
    },
  ],
)

const uuid = (description: string) =>
  z
    .string()
    .max(36)
    .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    .describe(description)

const Azure = ruled(
  z.strictObject({
    type: z
      .enum(["FederatedToken", "ClientSecret"])
      .describe(
        "`FederatedToken`: the projected token of the operator's ServiceAccount, exchanged at " +
          "Microsoft Entra (workload identity). `ClientSecret`: a client secret in a Secret.",
      ),
    tenantId: uuid(
      "Tenant of the application. When absent, the one that the environment of the operator names.",
    ).optional(),
    clientId: uuid(
      "Application (client) id, or that of a managed identity. When absent, the one that the " +
        "environment of the operator names.",
    ).optional(),
    scope: z
      .enum([
        "https://cognitiveservices.azure.com/.default",
        "https://ai.azure.com/.default",
        "https://cognitiveservices.azure.us/.default",
        "https://cognitiveservices.azure.cn/.default",
      ])
      .describe(
        "What the token is for; `https://cognitiveservices.azure.com/.default` when absent.",
      )
      .optional(),
    clientSecret: secretReference("the client secret")
      .describe("Required with `type: ClientSecret`, forbidden otherwise.")
      .optional(),
  }),
  [
    {
      cel: "(self.type == 'ClientSecret') == has(self.clientSecret)",
      message: "clientSecret is required when type is ClientSecret, and forbidden otherwise",
      fieldPath: ".clientSecret",
      holds: ({ type, clientSecret }) => (type === "ClientSecret") === (clientSecret !== undefined),
    },
    {
      cel: "self.type != 'ClientSecret' || (has(self.tenantId) && has(self.clientId))",
      message: "tenantId and clientId are required when type is ClientSecret",
      holds: ({ type, tenantId, clientId }) =>
        type !== "ClientSecret" || (tenantId !== undefined && clientId !== undefined),
    },
  ],
)

const WorkloadIdentity = ruled(
  z.strictObject({
    type: z
      .enum(["AWS", "Google", "Azure"])
      .describe("Whose identity it is; its member says the rest."),
    aws: Aws.describe(
      "Requests are signed with temporary security credentials (Signature Version 4).",
    ).optional(),
    google: Google.describe("Requests carry an OAuth access token.").optional(),
    azure: Azure.describe("Requests carry an access token of Microsoft Entra.").optional(),
  }),
  [
    {
      cel: "(self.type == 'AWS') == has(self.aws)",
      message: "aws is required when type is AWS, and forbidden otherwise",
      fieldPath: ".aws",
      holds: ({ type, aws }) => (type === "AWS") === (aws !== undefined),
    },
    {
      cel: "(self.type == 'Google') == has(self.google)",
      message: "google is required when type is Google, and forbidden otherwise",
      fieldPath: ".google",
      holds: ({ type, google }) => (type === "Google") === (google !== undefined),
    },
    {
      cel: "(self.type == 'Azure') == has(self.azure)",
      message: "azure is required when type is Azure, and forbidden otherwise",
      fieldPath: ".azure",
      holds: ({ type, azure }) => (type === "Azure") === (azure !== undefined),
    },
  ],
)

export const Credentials = ruled(
  z.strictObject({
    type: z
      .enum(["Secret", "WorkloadIdentity", "None"])
      .describe(
        "`Secret` sends a key from a Secret; `WorkloadIdentity` short-lived credentials of a " +
          "cloud, which the operator obtains and renews; `None` sends no credential.",
      ),
    secret: secretReference("the provider's API key")
      .describe("Where the key is; required with `type: Secret`, forbidden otherwise.")
      .optional(),
    workloadIdentity: WorkloadIdentity.describe(
      "Which identity the operator takes on, and how. Where no Secret with allowed hosts is " +
        "named, the credentials go only to the cloud's own endpoints for models. Required with " +
        "`type: WorkloadIdentity`, forbidden otherwise.",
    ).optional(),
  }),
  [
    {
      cel: "(self.type == 'Secret') == has(self.secret)",
      message: "secret is required when type is Secret, and forbidden otherwise",
      fieldPath: ".secret",
      holds: ({ type, secret }) => (type === "Secret") === (secret !== undefined),
    },
    {
      cel: "(self.type == 'WorkloadIdentity') == has(self.workloadIdentity)",
      message:
        "workloadIdentity is required when type is WorkloadIdentity, and forbidden otherwise",
      fieldPath: ".workloadIdentity",
      holds: ({ type, workloadIdentity }) =>
        (type === "WorkloadIdentity") === (workloadIdentity !== undefined),
    },
  ],
)
