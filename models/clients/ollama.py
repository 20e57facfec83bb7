"""One tier on one Ollama server, through langchain-ollama."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...domain import Fault
from ..faults import NO_THINKING, fault_of_status, said
from .client import Ask, Heard, NoSyncCalls, TierClient
from .watched import Deadlines, OllamaTransport, WatchedTransport

if TYPE_CHECKING:
    import httpx
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage


class OllamaTier(TierClient):
    """Ollama's own API, which alone can fix the context and refuse a prompt that it would cut."""

    root = "base_url must name an Ollama server, such as http://127.0.0.1:11434 (without /v1)"
    missing = "langchain-ollama is not installed: pip install langchain-ollama"
    _cannot_think = False

    def _load(self) -> None:
        import langchain_ollama  # noqa: F401

    def _watch(self, inner: httpx.AsyncBaseTransport, deadlines: Deadlines) -> OllamaTransport:
        return OllamaTransport(inner, deadlines)

    def _made(self, wire: WatchedTransport, timeout: httpx.Timeout) -> BaseChatModel:
        from langchain_ollama import ChatOllama

        return ChatOllama(
            model=self._config.model,
            base_url=self._config.url,
            keep_alive=self._config.keep_alive,
            async_client_kwargs={"transport": wire, "timeout": timeout},
            sync_client_kwargs={"transport": NoSyncCalls()},
        )

    def _options(self, ask: Ask) -> dict[str, Any]:
        options: dict[str, Any] = {
            "num_ctx": self._config.num_ctx,
            "num_predict": ask.num_predict,
            "temperature": self._config.temperature,
        }
        extra: dict[str, Any] = {"options": options, "format": ask.format}
        return extra if self._cannot_think else {**extra, "reasoning": ask.think}

    def _note(self, chunk: BaseMessage, heard: Heard) -> bool:
        last = chunk.response_metadata
        if last.get("done") is not True:
            return False
        heard.end = str(last.get("done_reason") or "done")
        heard.prompt_tokens = int(last.get("prompt_eval_count") or 0)
        heard.completion_tokens = int(last.get("eval_count") or 0)
        return True

    async def _try(self, ask: Ask, heard: Heard) -> tuple[Fault | None, str]:
        from ollama import ResponseError

        try:
            return await super()._try(ask, heard)
        except ResponseError as error:
            if NO_THINKING.search(error.error) and not self._cannot_think:
                self._cannot_think = True
                return await self._try(ask, heard)
            return fault_of_status(error.status_code, error.error), self._answered(error.status_code, error.error)

    def _answered(self, status: int, text: str) -> str:
        model, came = self._config.model, said(text)
        if status == 404 and "model" in text:
            return f"{self._where} has no model {model}: run `ollama pull {model}` ({came})"
        if status == 404:
            return f"{self._where} is not the root of an Ollama server ({came}): {self.root}"
        return f"{model} on {self._where}: {status if status > 0 else 'error'} {came}"
