"""What a tab tells the screen: what the person did in it, and that it looks different now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from client.commands.slash_command import SlashCommand
from client.core.approval_words import Wish
from shared.frames import ApprovalAnswered, ApprovalAsked
from shared.ids import MessageId
from shared.news import News
from shared.usage import TokenUsage

if TYPE_CHECKING:
    from client.widgets.chat_tab import ChatTab


class ChatMessage(Message):
    """Something that happened in ``chat``."""

    def __init__(self, chat: ChatTab) -> None:
        super().__init__()
        self.chat = chat


class ChatSaid(ChatMessage):
    """A message for the agent."""

    def __init__(self, chat: ChatTab, message_id: MessageId, text: str, *, is_repeat: bool = False) -> None:
        super().__init__(chat)
        self.message_id = message_id
        self.text = text
        self.is_repeat = is_repeat


class ChatAnswered(ChatMessage):
    """An approval was answered."""

    def __init__(self, chat: ChatTab, answer: ApprovalAnswered) -> None:
        super().__init__(chat)
        self.answer = answer


class ChatWished(ChatMessage):
    """The person wants something of a question that waits."""

    def __init__(self, chat: ChatTab, wish: Wish, approval: ApprovalAsked) -> None:
        super().__init__(chat)
        self.wish = wish
        self.approval = approval


class ChatTakeOverWanted(ChatMessage):
    """The person wants the conversation from whoever holds it."""


class ChatCancelWanted(ChatMessage):
    """The running answer is to end."""


class ChatCodeRefused(ChatMessage):
    """The tab was opened with a code, and has another conversation than the code's; ``message`` is a sentence."""

    def __init__(self, chat: ChatTab, message: str) -> None:
        super().__init__(chat)
        self.message = message


class ChatCommandCalled(ChatMessage):
    """One of our own slash commands was sent."""

    def __init__(self, chat: ChatTab, command: SlashCommand, argument: str) -> None:
        super().__init__(chat)
        self.command = command
        self.argument = argument


class ChatStateChanged(ChatMessage):
    """The label, the mark or the status line may have to change."""


class ChatHeardNews(ChatMessage):
    """The tab's link heard something beside the conversation."""

    def __init__(self, chat: ChatTab, news: News) -> None:
        super().__init__(chat)
        self.news = news


class ChatSpent(ChatMessage):
    """The tab's server said what all conversations of the person used so far."""

    def __init__(self, chat: ChatTab, in_all: TokenUsage) -> None:
        super().__init__(chat)
        self.in_all = in_all
