"""A thin client of the emulated Gemini API: what a test says in one word."""

import ssl
from types import TracebackType
from typing import Any

import httpx

from reconciler.emulator.testing import RunningEmulator

Json = dict[str, Any]
BASE = "models/gemini-1.0-pro-001"
# What comes next after a number, in words and in digits.
NUMBERS = {
    "2": "3", "6": "7", "-5": "-4", "thirty one": "thirty two", "four hundred": "four hundred one",
    "nineteen": "twenty", "12": "13", "-41": "-40", "2,000": "2,001", "20,500,000": "20,500,001", "fifteen": "sixteen",
    "sixty": "sixty one", "two": "three", "five": "six", "eight": "nine",
}  # fmt: skip


def examples(pairs: dict[str, str] = NUMBERS) -> Json:
    """Training data of these pairs."""
    return {"examples": {"examples": [{"textInput": asked, "output": answer} for asked, answer in pairs.items()]}}


def model_body(parameters: Json | None = None, **changes: Any) -> Json:
    """A TunedModel to be created: the next number, fifteen examples, two at a time, five epochs."""
    parameters = {"batchSize": 2, "epochCount": 5, "learningRate": 0.001} if parameters is None else parameters
    task = {"hyperparameters": parameters, "trainingData": examples()}
    return {"displayName": "next number", "baseModel": BASE, "tuningTask": task, **changes}


class Gemini:
    """Requests of one project, or of nobody in particular."""

    def __init__(self, emulator: RunningEmulator, project: str = "") -> None:
        self.emulator = emulator
        self.admin = emulator.admin
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        headers = {"x-goog-user-project": project} if project else {}
        self.http = httpx.Client(base_url=emulator.url, timeout=30, trust_env=False, headers=headers, verify=tls)

    def __enter__(self) -> "Gemini":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def send(
        self, method: str, path: str, body: Any = None, *, version: str = "v1beta", **query: Any
    ) -> httpx.Response:
        """One request for a name beneath the version."""
        return self.http.request(method, f"/{version}/{path}", json=body, params=query)

    def ok(self, method: str, path: str, body: Any = None, *, version: str = "v1beta", **query: Any) -> Json:
        """The JSON of an answer that must be a success."""
        response = self.send(method, path, body, version=version, **query)
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    def refused(
        self, status: int, code: str, method: str, path: str, body: Any = None, *, version: str = "v1beta", **query: Any
    ) -> str:
        """The message of an answer that must be refused with this HTTP status and google.rpc code."""
        response = self.send(method, path, body, version=version, **query)
        assert response.status_code == status, f"{response.status_code}: {response.text}"
        error = response.json()["error"]
        assert (error["code"], error["status"]) == (status, code)
        return str(error["message"])

    def create(self, model_id: str = "next-number", body: Json | None = None) -> Json:
        """The operation that makes a new tuned model."""
        return self.ok("POST", "tunedModels", model_body() if body is None else body, tunedModelId=model_id)

    def get(self, name: str, *, version: str = "v1beta") -> Json:
        """A resource by its name."""
        return self.ok("GET", name, version=version)

    def tuned(self, model_id: str = "next-number", body: Json | None = None) -> Json:
        """A tuned model that is ACTIVE."""
        self.create(model_id, body)
        self.admin.advance(60)
        model = self.get(f"tunedModels/{model_id}")
        assert model["state"] == "ACTIVE", model
        return model

    def names(self, **query: Any) -> list[str]:
        """The tuned models in one page of a list."""
        return [model["name"] for model in self.ok("GET", "tunedModels", **query).get("tunedModels", [])]

    def ask(self, name: str, text: str, *, version: str = "v1beta") -> str:
        """What a tuned model answers."""
        body = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
        answer = self.ok("POST", f"{name}:generateContent", body, version=version)
        return str(answer["candidates"][0]["content"]["parts"][0]["text"])
