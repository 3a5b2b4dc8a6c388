/**
 * An application that knows nothing of Sidegate: the official SDK, no key, no address.
 *
 * `node main.mjs "question" [model]` prints the answer; without arguments it waits to be asked.
 */
import OpenAI from "openai"

const [, , question, model = "smart"] = process.argv
if (question === undefined) {
  console.log("waiting; ask with: kubectl exec deploy/ask -- node /app/main.mjs QUESTION")
  setInterval(() => undefined, 60_000)
  // As the first process of a container it is ended by a signal only if it listens.
  process.on("SIGTERM", () => process.exit(0))
} else {
  const messages = [{ role: "user" as const, content: question }]
  const answer = await new OpenAI().chat.completions.create({ model, messages })
  console.log(answer.choices[0]?.message.content)
}
