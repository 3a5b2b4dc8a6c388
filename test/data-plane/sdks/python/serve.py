"""The Python SDKs as drivers: a line of JSON in, a line of JSON out, with the same id.

Each SDK is called as its documentation shows, without any setting but the environment. What an SDK
raises is answered as what a person sees of it: class, status, code and message.
"""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import anthropic
import openai
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings


class OpenAi:
    def __init__(self):
        self.client = openai.OpenAI()

    def complete(self, ask, **more):
        if not ask["isStream"]:
            return self.client.chat.completions.create(model=ask["model"], **more)
        more["stream_options"] = {"include_usage": True}
        with self.client.chat.completions.stream(model=ask["model"], **more) as stream:
            stream.until_done()
            return stream.get_final_completion()

    def chat(self, ask, **more):
        messages = [{"role": "user", "content": ask["prompt"]}]
        answer = self.complete(ask, messages=messages, **more)
        return {
            "text": answer.choices[0].message.content,
            "stop": answer.choices[0].finish_reason,
            "inputTokens": answer.usage.prompt_tokens,
            "outputTokens": answer.usage.completion_tokens,
        }

    def call_tools(self, ask):
        tools = functions(ask)
        messages = [{"role": "user", "content": ask["prompt"]}]
        choice = self.complete(ask, messages=messages, tools=tools).choices[0]
        calls = choice.message.tool_calls
        messages.append(choice.message.model_dump(exclude_none=True, exclude={"parsed"}))
        for call in messages[-1]["tool_calls"]:
            call["function"].pop("parsed_arguments", None)
            messages.append(
                {"role": "tool", "tool_call_id": call["id"], "content": ask["result"]}
            )
        second = self.complete(ask, messages=messages, tools=tools)
        return {
            "calls": [
                {"name": call.function.name, "args": json.loads(call.function.arguments)}
                for call in calls
            ],
            "stop": choice.finish_reason,
            "text": second.choices[0].message.content,
        }

    def structured(self, ask):
        schema = {"name": "person", "schema": ask["schema"], "strict": True}
        response_format = {"type": "json_schema", "json_schema": schema}
        return json.loads(self.chat(ask, response_format=response_format)["text"])

    def unsupported(self, ask):
        return self.chat(ask, logit_bias={"50256": -100})

    def embed(self, ask):
        answer = self.client.embeddings.create(model=ask["model"], input=ask["texts"])
        return {
            "vectors": [one.embedding for one in answer.data],
            "inputTokens": answer.usage.prompt_tokens,
        }

    def models(self, _ask):
        return [model.id for model in self.client.models.list()]

    def retrieve(self, ask):
        return self.client.models.retrieve(ask["model"]).id


class Anthropic:
    def __init__(self):
        self.client = anthropic.Anthropic()

    def send(self, ask, **more):
        more.setdefault("messages", [{"role": "user", "content": ask["prompt"]}])
        if not ask["isStream"]:
            return self.client.messages.create(model=ask["model"], max_tokens=100, **more)
        with self.client.messages.stream(model=ask["model"], max_tokens=100, **more) as stream:
            return stream.get_final_message()

    def chat(self, ask, **more):
        message = self.send(ask, **more)
        return {
            "text": text_of(message),
            "stop": message.stop_reason,
            "inputTokens": message.usage.input_tokens,
            "outputTokens": message.usage.output_tokens,
        }

    def call_tools(self, ask):
        tools = [
            {"name": tool["name"], "description": tool["description"], "input_schema": tool["schema"]}
            for tool in ask["tools"]
        ]
        messages = [{"role": "user", "content": ask["prompt"]}]
        first = self.send(ask, messages=messages, tools=tools)
        calls = [block for block in first.content if block.type == "tool_use"]
        messages.append({"role": "assistant", "content": first.content})
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": ask["result"]}
            for call in calls
        ]
        messages.append({"role": "user", "content": results})
        second = self.send(ask, messages=messages, tools=tools)
        return {
            "calls": [{"name": call.name, "args": call.input} for call in calls],
            "stop": first.stop_reason,
            "text": text_of(second),
        }

    def structured(self, ask):
        output = {"format": {"type": "json_schema", "schema": ask["schema"]}}
        return json.loads(text_of(self.send(ask, output_config=output)))

    def unsupported(self, ask):
        return self.chat(ask, inference_geo="eu")

    def models(self, _ask):
        return [model.id for model in self.client.models.list()]

    def retrieve(self, ask):
        return self.client.models.retrieve(ask["model"]).id


class LangChain:
    def send(self, ask, messages, model=None, **more):
        model = model or ChatOpenAI(model=ask["model"], stream_usage=True, **more)
        if not ask["isStream"]:
            return model.invoke(messages)
        whole = None
        for chunk in model.stream(messages):
            whole = chunk if whole is None else whole + chunk
        return whole

    def chat(self, ask, **more):
        message = self.send(ask, [HumanMessage(ask["prompt"])], **more)
        return {
            "text": message.content,
            "stop": message.response_metadata["finish_reason"],
            "inputTokens": message.usage_metadata["input_tokens"],
            "outputTokens": message.usage_metadata["output_tokens"],
        }

    def call_tools(self, ask):
        model = ChatOpenAI(model=ask["model"]).bind_tools(functions(ask))
        messages = [HumanMessage(ask["prompt"])]
        first = self.send(ask, messages, model)
        messages.append(first)
        for call in first.tool_calls:
            messages.append(ToolMessage(ask["result"], tool_call_id=call["id"]))
        return {
            "calls": [{"name": call["name"], "args": call["args"]} for call in first.tool_calls],
            "stop": first.response_metadata["finish_reason"],
            "text": self.send(ask, messages, model).content,
        }

    def structured(self, ask):
        schema = {"title": "person", "description": "A person", **ask["schema"]}
        model = ChatOpenAI(model=ask["model"]).with_structured_output(
            schema, method="json_schema", strict=True
        )
        messages = [HumanMessage(ask["prompt"])]
        # Each piece of its stream is all of the object that is known so far.
        return list(model.stream(messages))[-1] if ask["isStream"] else model.invoke(messages)

    def unsupported(self, ask):
        return self.chat(ask, logit_bias={50256: -100})

    def embed(self, ask):
        # Token ids, which it sends unless told not to, mean nothing to other vendors' models.
        client = OpenAIEmbeddings(model=ask["model"], check_embedding_ctx_length=False)
        return {"vectors": client.embed_documents(ask["texts"]), "inputTokens": None}


def functions(ask):
    return [
        {
            "type": "function",
            "function": {
                "name": tool["name"],
                "description": tool["description"],
                "parameters": tool["schema"],
            },
        }
        for tool in ask["tools"]
    ]


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


def seen(error):
    kind = next(
        (base for base in type(error).__mro__ if base.__module__.split(".")[0] in ("openai", "anthropic")),
        type(error),
    )
    return {
        "failed": kind.__name__,
        "status": getattr(error, "status_code", None),
        "code": getattr(error, "code", None),
        "message": str(error),
    }


def main():
    drivers = {"openai": OpenAi(), "anthropic": Anthropic(), "langchain-openai": LangChain()}
    lock = threading.Lock()

    def run(line):
        ask = json.loads(line)
        try:
            answer = {"value": getattr(drivers[ask["sdk"]], ask["operation"])(ask)}
        except Exception as error:  # What was raised is the answer; the test judges it.
            answer = {"error": seen(error)}
        with lock:
            print(json.dumps({"id": ask["id"], **answer}), flush=True)

    with ThreadPoolExecutor(max_workers=8) as pool:
        print("ready", flush=True)
        for line in sys.stdin:
            pool.submit(run, line)


main()
