"""Our messages as LangChain's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..domain import Message

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


def to_langchain(messages: Sequence[Message]) -> list[BaseMessage]:
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    converted: list[BaseMessage] = []
    for message in messages:
        match message.role:
            case "system":
                converted.append(SystemMessage(message.content))
            case "user":
                converted.append(HumanMessage(message.content))
            case "assistant":
                converted.append(AIMessage(message.content))
    return converted
