/** AIProviders of each schema: what it needs, what it forbids, and what could end a component. */
import { VENDORS } from "#proxy/contract/vendors.ts"
import { objectOf, type Sample, type SampleObject, sample } from "./sample.ts"

const of = (schema: string, changes: object = {}): SampleObject =>
  objectOf("AIProvider", { schema, allowedNamespaces: { from: "All" }, ...changes })
const openai = (changes: object): SampleObject => of("OpenAI", changes)
const azure = (changes: object): SampleObject =>
  of("AzureOpenAI", { endpoint: "https://acme.openai.azure.com", ...changes })
const vertex = (member: unknown, changes: object = {}): SampleObject =>
  of("VertexAI", { vertexAI: member, ...changes })
const bedrock = (member: unknown, changes: object = {}): SampleObject =>
  of("Bedrock", { bedrock: member, ...changes })

const REQUIRED = "spec.endpoint: endpoint is required with schema AzureOpenAI, and with OpenAI"
const VERSIONED = "spec.endpoint: must not end in a version or in /openai"
const VERTEX = { project: "my-project", location: "europe-west4" }

const vendors: readonly Sample[] = [
  // One that has an endpoint of its own is enough: kubectl applies each good sample twice.
  sample("a vendor that is its own endpoint", openai({ vendor: "GitHubModels" })),
  ...VENDORS.filter(({ endpoint }) => endpoint === null).map(({ name }) =>
    sample(`vendor ${name} without an endpoint`, openai({ vendor: name }), REQUIRED),
  ),
  sample(
    "a vendor whose servers are in the cluster",
    openai({ vendor: "VLLM", network: "Private", endpoint: "http://vllm.models.svc:8000/v1" }),
  ),
  sample(
    "a vendor behind a host of one's own",
    openai({ vendor: "Mistral", endpoint: "https://llm.example.com/mistral/v1" }),
  ),
  sample(
    "a vendor that is not known",
    openai({ vendor: "Acme", endpoint: "https://api.acme.example/v1" }),
    'spec.vendor: Unsupported value: "Acme": supported values: "OpenAI"',
  ),
  sample(
    "a vendor with a schema of its own",
    of("Simulated", { vendor: "Groq" }),
    "spec.vendor: vendor is only for schema OpenAI",
  ),
]

const members: readonly Sample[] = [
  sample(
    "OpenAI with a member of another schema",
    openai({ vendor: "OpenAI", azureOpenAI: {} }),
    "spec.azureOpenAI: azureOpenAI is only for schema AzureOpenAI",
  ),
  sample(
    "OpenAI with Vertex AI's member",
    openai({ vendor: "OpenAI", vertexAI: VERTEX }),
    "spec.vertexAI: vertexAI is required with schema VertexAI, and forbidden otherwise",
  ),
  sample(
    "OpenAI with Bedrock's member",
    openai({ vendor: "OpenAI", bedrock: { region: "us-east-1" } }),
    "spec.bedrock: bedrock is required with schema Bedrock, and forbidden otherwise",
  ),
]

const azures: readonly Sample[] = [
  sample("Azure OpenAI on the v1 paths", azure({})),
  sample("Azure OpenAI, said aloud", azure({ azureOpenAI: {} })),
  sample("Azure OpenAI with a version", azure({ azureOpenAI: { apiVersion: "2024-10-21" } })),
  sample(
    "Azure OpenAI with a preview",
    azure({ azureOpenAI: { apiVersion: "2025-04-01-preview" } }),
  ),
  sample("Azure OpenAI behind a path", azure({ endpoint: "https://apim.example.com/teams/a" })),
  sample("Azure OpenAI without an endpoint", of("AzureOpenAI"), REQUIRED),
  ...["/openai", "/openai/v1", "/openai/v1/", "/v1"].map((path) =>
    sample(
      `Azure OpenAI with ${path} in the endpoint`,
      azure({ endpoint: `https://acme.openai.azure.com${path}` }),
      VERSIONED,
    ),
  ),
  ...["2024-13-21", "2024-10-21&x=1", "2024-10-21#", "latest", ""].map((apiVersion) =>
    sample(
      `Azure OpenAI with the version "${apiVersion}"`,
      azure({ azureOpenAI: { apiVersion } }),
      "spec.azureOpenAI.apiVersion: should match",
    ),
  ),
  sample(
    "Azure OpenAI with an endless version",
    azure({ azureOpenAI: { apiVersion: "2024-10-21-preview1" } }),
    "spec.azureOpenAI.apiVersion: Too long: may not be more than 18 bytes",
  ),
  sample(
    "Azure OpenAI with a resource's name",
    azure({ azureOpenAI: { resourceName: "x#" } }),
    'unknown field "spec.azureOpenAI.resourceName"',
  ),
]

const vertices: readonly Sample[] = [
  sample("Vertex AI in a region", vertex(VERTEX)),
  ...["global", "us", "eu", "us-central1", "northamerica-northeast2"].map((location) =>
    sample(`Vertex AI in ${location}`, vertex({ ...VERTEX, location })),
  ),
  ...["123456789012", "example.com:my-project"].map((project) =>
    sample(`Vertex AI of project ${project}`, vertex({ ...VERTEX, project })),
  ),
  sample(
    "Vertex AI at an endpoint of one's own",
    vertex(VERTEX, { endpoint: "https://vertex.example.com" }),
  ),
  sample(
    "Vertex AI with the version in the endpoint",
    vertex(VERTEX, { endpoint: "https://europe-west4-aiplatform.googleapis.com/v1beta1" }),
    VERSIONED,
  ),
  sample(
    "Vertex AI without its member",
    of("VertexAI"),
    "spec.vertexAI: vertexAI is required with schema VertexAI, and forbidden otherwise",
  ),
  ...["..", "a/b", "a#", "A", "my-project-", "a%2fb"].map((project) =>
    sample(
      `Vertex AI of project "${project}"`,
      vertex({ ...VERTEX, project }),
      "spec.vertexAI.project: should match",
    ),
  ),
  ...["evil.example/", "us-central1.evil", "US", "us-central1-a"].map((location) =>
    sample(
      `Vertex AI in "${location}"`,
      vertex({ ...VERTEX, location }),
      "spec.vertexAI.location: should match",
    ),
  ),
  sample(
    "Vertex AI without a location",
    vertex({ project: "my-project" }),
    "spec.vertexAI.location: Required value",
  ),
]

const bedrocks: readonly Sample[] = [
  ...["us-east-1", "us-gov-west-1", "ap-southeast-2"].map((region) =>
    sample(`Bedrock in ${region}`, bedrock({ region })),
  ),
  sample(
    "Bedrock behind an endpoint of one's own",
    bedrock(
      { region: "us-east-1" },
      { endpoint: "https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com" },
    ),
  ),
  sample(
    "Bedrock in another partition, with its endpoint",
    bedrock(
      { region: "eusc-de-east-1" },
      { endpoint: "https://bedrock-runtime.eusc-de-east-1.amazonaws.eu" },
    ),
  ),
  sample(
    "Bedrock in another partition",
    bedrock({ region: "eusc-de-east-1" }),
    "spec.endpoint: endpoint is required in this region",
  ),
  ...["us-east-1", "eu-central-1"].map((signed) =>
    sample(
      `Bedrock in us-east-1, signed for ${signed}`,
      bedrock(
        { region: "us-east-1" },
        {
          credentials: {
            type: "WorkloadIdentity",
            workloadIdentity: { type: "AWS", aws: { type: "WebIdentity", region: signed } },
          },
        },
      ),
      ...(signed === "us-east-1"
        ? []
        : ["spec.credentials.workloadIdentity.aws.region: requests are signed for this region"]),
    ),
  ),
  sample(
    "Bedrock without its member",
    of("Bedrock"),
    "spec.bedrock: bedrock is required with schema Bedrock, and forbidden otherwise",
  ),
  ...["x#", "us-east-1.evil.example/", "us-east", "US-EAST-1"].map((region) =>
    sample(`Bedrock in "${region}"`, bedrock({ region }), "spec.bedrock.region: should match"),
  ),
]

const others: readonly Sample[] = ["Anthropic", "Gemini", "Cohere"].flatMap((schema) => [
  sample(`${schema} at its own endpoint`, of(schema)),
  sample(
    `${schema} at another endpoint`,
    of(schema, { endpoint: "https://llm.example.com/v1/gateway" }),
  ),
  sample(
    `${schema} with the version in the endpoint`,
    of(schema, { endpoint: "https://llm.example.com/v1" }),
    VERSIONED,
  ),
])

export const PROVIDER_SCHEMA_SAMPLES: readonly Sample[] = [
  ...vendors,
  ...members,
  ...azures,
  ...vertices,
  ...bedrocks,
  ...others,
]
