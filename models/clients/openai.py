"""One tier on a server of the person's own that speaks OpenAI's protocol: llama-server, vLLM, LM Studio.

Through langchain-openai, an extra. Such a server keeps the context that it was started with: `num_ctx` only says how
much of it to use. This is not the paid api tier: no prices, no budget of money, and no key but the one in the settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from ...domain import Fault
from ..faults import NO_TEMPLATE_OPTIONS, fault_of_status, said
from .client import Ask, Heard, NoSyncCalls, TierClient
from .openai_transport import OpenAITransport
from .watched import Deadlines, WatchedTransport

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage
    from openai import APIError

NO_KEY = "none"  # the client insists on one; servers without keys ignore it
EXTRA = (
    "uv pip install 'hydragraph[openai]', in a clone .venv/bin/python -m pip install -c constraints.txt -e '.[openai]'"
)


class OpenAITier(TierClient):
    """`/v1/chat/completions`, streamed."""

    root = "base_url must name the root of an OpenAI-compatible API, such as http://127.0.0.1:8080/v1"
    missing = f"api openai needs langchain-openai, which is not installed: {EXTRA}"
    _has_template_options = True

    def _load(self) -> None:
        import langchain_openai  # noqa: F401

    def _watch(self, inner: httpx.AsyncBaseTransport, deadlines: Deadlines) -> OpenAITransport:
        key, has_user = self._config.api_key, bool(httpx.URL(self._config.url).userinfo)
        return OpenAITransport(inner, deadlines, None if has_user and not key else f"Bearer {key or NO_KEY}")

    def _made(self, wire: WatchedTransport, timeout: httpx.Timeout) -> BaseChatModel:
        """Nothing is left to the environment: its keys, addresses and proxies are for somebody else's server."""
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        return ChatOpenAI(
            model=self._config.model,
            base_url=self._config.url,
            api_key=SecretStr(self._config.api_key or NO_KEY),
            temperature=self._config.temperature,
            max_retries=0,
            stream_usage=True,
            stream_chunk_timeout=None,
            use_responses_api=False,
            openai_proxy=None,
            http_socket_options=(),
            http_async_client=httpx.AsyncClient(transport=wire, timeout=timeout, trust_env=False),
            http_client=httpx.Client(transport=NoSyncCalls(), trust_env=False),
        )

    def _options(self, ask: Ask) -> dict[str, Any]:
        """In the body's own words: ChatOpenAI would rename max_tokens, and parse what a response_format brings."""
        body: dict[str, Any] = {"max_tokens": ask.num_predict}
        if isinstance(ask.format, str):
            body["response_format"] = {"type": "json_object"}
        elif ask.format is not None:
            schema = {"name": str(ask.format.get("title", "reply")), "strict": True, "schema": dict(ask.format)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if ask.think is not None and self._has_template_options:
            body["chat_template_kwargs"] = {"enable_thinking": ask.think}
        return {"extra_body": body}

    def _note(self, chunk: BaseMessage, heard: Heard) -> bool:
        heard.end = str(chunk.response_metadata.get("finish_reason") or heard.end)
        usage = getattr(chunk, "usage_metadata", None) or {}
        heard.prompt_tokens = max(heard.prompt_tokens, usage.get("input_tokens", 0))
        heard.completion_tokens = max(heard.completion_tokens, usage.get("output_tokens", 0))
        return False  # the usage comes after the end

    async def _stream(self, ask: Ask, heard: Heard) -> None:
        await super()._stream(ask, heard)
        heard.end = heard.end or "done"  # by [DONE] alone: the transport would have raised without either

    async def _try(self, ask: Ask, heard: Heard) -> tuple[Fault | None, str]:
        from openai import APIError

        try:
            return await super()._try(ask, heard)
        except APIError as error:
            if (lost := _below(error)) is not None:
                return self._lost(lost, heard)
            status, words = _said_by_server(error)
            sent = self._has_template_options and ask.think is not None
            if sent and status in (400, 422) and NO_TEMPLATE_OPTIONS.search(words):
                self._has_template_options = False
                return await self._try(ask, heard)
            return fault_of_status(status, f"{words} {error.code}"), self._answered(status, words)

    def _answered(self, status: int, words: str) -> str:
        model = self._config.model
        if status == 404 and "model" in words.lower():
            name = f"load it there, or name one that {self._where}/models lists as tiers.{self._tier}.model"
            return f"{self._where} has no model {model}: {name} ({words})"
        if status in (404, 405):
            return f"{self._where} is not the root of an API ({status} {words}): {self.root}"
        if status in (401, 403):
            return f"{self._where} wants a key: set tiers.{self._tier}.api_key ({status} {words})"
        return f"{model} on {self._where}: {status if status > 0 else 'error'} {words}"


def _below(error: BaseException) -> Exception | None:
    """The failure of the connection that the client's exception stands for."""
    cause = error.__cause__
    while cause is not None and not isinstance(cause, httpx.TransportError | OSError):
        cause = cause.__cause__
    return cause


def _said_by_server(error: APIError) -> tuple[int, str]:
    """Status (-1 where the stream had begun, and does not say) and words; servers put them in various places."""
    body = error.body
    words: object = body
    status = getattr(error, "status_code", -1)
    if isinstance(body, dict):
        words = next((body[key] for key in ("message", "detail", "error") if body.get(key)), error.message)
        code = body.get("code")
        status = code if status < 0 and isinstance(code, int) else status
    return status, said(str(words or error.message))
