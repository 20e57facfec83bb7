"""Our messages as LangChain's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...domain import Message

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


def to_langchain(messages: Sequence[Message]) -> list[BaseMessage]:
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    converted: list[BaseMessage] = []
    for message in messages:
        content = message.content.encode("utf-8", "replace").decode()  # a lone surrogate cannot be sent
        match message.role:
            case "system":
                converted.append(SystemMessage(content))
            case "user":
                converted.append(HumanMessage(content))
            case "assistant":
                converted.append(AIMessage(content))
    return converted
