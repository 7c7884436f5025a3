"""What tabs hear beside their conversations: quiet notes, a notice once, and a reset in each of them."""

from __future__ import annotations

from client.core.transcript_entries import Note
from client.widgets.chat_tab import ChatTab
from shared.frames import AgentSaid, TodosChanged, UserSaid
from shared.ids import MessageId
from shared.news import Notice, PersonReset, StateChanged
from shared.todos import Todo
from tests.client.link_for_tests import HeldClock, Switchboard, app_for_tests, screen_text, started, until

UNKNOWN = "Everything of ada is gone. The agent does not know what stands above."


def notes(chat: ChatTab) -> list[str]:
    return [entry.text for entry in chat.conversation.entries.values() if isinstance(entry, Note)]


async def test_a_change_elsewhere_is_a_quiet_note_that_does_not_mark_the_tab() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("ctrl+t")
        await until(pilot, lambda: len(board.links) == 2)
        for link in board.links:
            link.events.heard_news(StateChanged("colour", "stored"))
            link.events.heard_news(StateChanged("city", "deleted"))
        await until(pilot, lambda: "Changed elsewhere: colour. Deleted elsewhere: city." in screen_text(app))
        assert "●" not in screen_text(app).splitlines()[0]
        await pilot.press("alt+1")
        await until(pilot, lambda: "Changed elsewhere: colour." in screen_text(app))
        assert [len(notes(chat)) for chat in app.main.tabs.chats] == [1, 1]


async def test_a_note_that_comes_while_the_agent_speaks_leaves_its_answer_in_one_piece() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        link = board.links[0]
        link.update(UserSaid(MessageId("m"), "hi"))
        link.update(AgentSaid("one **t"))
        await until(pilot, lambda: "one **t" in screen_text(app))
        link.events.heard_news(StateChanged("colour", "stored"))
        link.update(AgentSaid("wo** three"))
        await until(pilot, lambda: "one two three" in screen_text(app))
        rows = screen_text(app).splitlines()
        note = next(row for row, line in enumerate(rows) if "Changed elsewhere" in line)
        assert note < next(row for row, line in enumerate(rows) if "one two three" in line)


async def test_a_notice_to_every_tab_is_said_once_and_in_front() -> None:
    clock, board = HeldClock(), Switchboard()
    app = app_for_tests(board, clock)
    async with started(app, board) as pilot:
        for _ in range(4):
            await pilot.press("ctrl+t")
        await until(pilot, lambda: len(board.links) == 5)
        await pilot.press("alt+3")
        for link in board.links:
            link.events.heard_news(Notice("Redis is away."))
            clock.now += 0.2
        await until(pilot, lambda: "Redis is away." in screen_text(app))
        await pilot.pause()
        assert [len(notes(chat)) for chat in app.main.tabs.chats] == [0, 0, 1, 0, 0]
        assert "●" not in screen_text(app).splitlines()[0]
        clock.now += 60
        board.links[0].events.heard_news(Notice("Redis is away."))
        await until(pilot, lambda: len(notes(app.main.tabs.chats[2])) == 2)


async def test_a_reset_is_told_in_every_tab_and_leaves_no_question_and_no_todos() -> None:
    board = Switchboard()
    app = app_for_tests(board)
    async with started(app, board) as pilot:
        await pilot.press("ctrl+t")
        await until(pilot, lambda: len(board.links) == 2)
        board.links[0].ask()
        board.links[1].ask()
        board.links[1].update(TodosChanged((Todo("write"),)))
        await until(pilot, lambda: "Todos" in screen_text(app))
        for link in board.links:
            link.events.heard_news(PersonReset("Everything of ada is gone."))
            link.seq = 0
        await until(pilot, lambda: "Everything of ada is gone." in screen_text(app))
        assert [chat.state.approvals for chat in app.main.tabs.chats] == [0, 0]
        assert [notes(chat) for chat in app.main.tabs.chats] == [[UNKNOWN], [UNKNOWN]]
        assert "Todos" not in screen_text(app)
        assert "Not decided: everything was reset" in screen_text(app)
        assert "1 ●" in screen_text(app).splitlines()[0], "a reset is worth a look"
        board.links[1].update(AgentSaid("afresh"))
        await until(pilot, lambda: "afresh" in screen_text(app))
