"""The ways to change a call's arguments once the person was asked; each says which of them may run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from shared.acp_names import META_APPROVAL, META_ARGUMENTS
from tests.faults.any_arguments import hash_of
from tests.faults.approved_runs import PAY, Asked
from tests.faults.changing_person import Person, send_answer
from tests.faults.durable_tab import Question, living

ASLEEP = 0.1
"""After so many seconds a turn that waits for a person sleeps."""
CALLS = 100
"""More than a tab is asked to run on one connection before this."""


async def as_shown(person: Person, question: Question, call: Asked) -> None:
    call.may_run = [call.arguments]
    await person.reply(question)


async def edited(person: Person, question: Question, call: Asked) -> None:
    call.may_run = [person.other(call)]
    await person.reply(question, person.dice.choice(("allow_once", "allow_exact")), edited=call.may_run[0])


async def a_second_answer(person: Person, question: Question, call: Asked) -> None:
    call.may_run = [call.arguments]
    await person.reply(question)
    await person.reply(question, edited=person.other(call))


async def another_edit(person: Person, question: Question, call: Asked) -> None:
    call.may_run = [person.other(call)]
    for arguments in (call.may_run[0], person.other(call), person.other(call)):
        await person.reply(question, edited=arguments)


async def an_answer_once_it_ran(person: Person, question: Question, call: Asked) -> None:
    await as_shown(person, question, call)
    await person.until("it ran", lambda: person.name in person.tab.ended)
    await person.reply(question, edited=person.other(call))


async def the_hash_of_another(person: Person, question: Question, call: Asked) -> None:
    call.may_run = [call.arguments]
    other = person.other(call)
    told = {"id": "another", "argumentsHash": hash_of(other), "arguments": other}
    await person.reply(question, **{META_APPROVAL: told, "toolCall": {"rawInput": other}, "arguments": other})


async def answers_to_other_questions(person: Person, question: Question, call: Asked) -> None:
    call.may_run = [call.arguments]
    number = int(str(question.frame["id"]).rpartition("-")[2])
    for other in {0, number - 1, number + 1, number + 7} - {number}:
        await send_answer(person.tab, f"ask-{other}", edited=person.other(call))
    await send_answer(person.tab, question.call_id, edited=person.other(call))
    await person.reply(question)


async def two_at_once(person: Person, _: Question, call: Asked) -> None:
    """Each is answered with the other's arguments, or as it was shown."""
    both = list(zip(person.questions, person.calls, strict=True))
    person.dice.shuffle(both)
    for question, mine in both:
        (other,) = [one for one in person.calls if one is not mine]
        is_swapped = person.dice.random() < 0.5 and call.tool != PAY
        mine.may_run = [other.arguments if is_swapped else mine.arguments]
        await person.reply(question, **({"edited": other.arguments} if is_swapped else {}))
        await person.reply(question, edited=person.other(mine))


async def results_of_other_calls(person: Person, _: Question, __: Asked) -> None:
    """Results come for every call that the tab may ever have been asked to run, before and while these two run."""
    assert person.tab.visit is not None
    for question, mine in zip(person.questions, person.calls, strict=True):
        mine.may_run = [mine.arguments]
        await person.reply(question)
        other = person.other(mine)
        forged = {"result": {"success": True, "forged": other}, "arguments": other, "_meta": {META_ARGUMENTS: other}}
        for number in range(CALLS):
            await person.tab.visit.send(json.dumps({"jsonrpc": "2.0", "id": number, "result": forged}))


async def no_object(person: Person, question: Question, call: Asked) -> None:
    person.other(call)
    await person.reply(question, edited=person.dice.choice(([call.arguments], "{}", 7, True)))
    await person.reply(question)


async def declined(person: Person, question: Question, call: Asked) -> None:
    await person.reply(question, "reject_once", edited=person.other(call))
    await person.reply(question, edited=person.other(call))


async def after_a_sleep(person: Person, question: Question, call: Asked) -> None:
    await asyncio.sleep(2 * ASLEEP)
    await another_edit(person, question, call)


async def as_the_line_breaks(person: Person, question: Question, call: Asked) -> None:
    """Whether the first answer came through, nobody knows; if it did not, it is asked again."""
    call.may_run = [person.other(call), person.other(call)]
    visits = person.tab.visits
    await person.reply(question, edited=call.may_run[0])
    person.tab.break_off()
    over = lambda: person.name in person.tab.ended or (person.tab.visits > visits and person.questions)  # noqa: E731
    await person.until("it is asked again or over", over)
    for again in person.questions:
        await person.reply(again, edited=call.may_run[1])


async def on_another_device(person: Person, question: Question, call: Asked) -> None:
    """The question is sent on, with arguments that nobody looks at; the other device has the last word."""
    other = person.house.tab(f"{person.tab.name}'s phone")
    person.watch(other)
    async with living(other):
        await person.until("the phone is there", lambda: other.visit is not None and other.seen.session_id)
        assert other.visit is not None
        await person.reply(question, device=other.visit.signature, edited=person.other(call))
        await person.until("the phone is asked", lambda: other.questions)
        call.may_run = [person.other(call)]
        await person.reply(question, edited=person.other(call))
        await send_answer(other, other.questions[-1].frame["id"], edited=call.may_run[0])
        await person.until("it is over", lambda: person.name in person.tab.ended)


async def taken_over(person: Person, question: Question, call: Asked) -> None:
    """What the tab says that held it before, does not count."""
    rival = person.house.tab(f"{person.tab.name}'s rival")
    person.watch(rival)
    rival.seen.session_id, rival.loads, rival.takes_over = person.tab.seen.session_id, True, True
    async with living(rival):
        await person.until("the rival is asked", lambda: rival.open_questions)
        call.may_run = [person.other(call)]
        await person.reply(question, edited=person.other(call))
        await send_answer(rival, rival.questions[-1].frame["id"], edited=call.may_run[0])
        await person.until("it is over", lambda: person.name in rival.ended)
    person.tab.die()


Way = Callable[[Person, Question, Asked], Awaitable[None]]
WAYS: dict[str, Way] = {
    way.__name__: way
    for way in (
        as_shown, edited, a_second_answer, another_edit, an_answer_once_it_ran, the_hash_of_another,
        answers_to_other_questions, two_at_once, results_of_other_calls, no_object, declined, after_a_sleep,
        as_the_line_breaks, on_another_device, taken_over,
    )
}  # fmt: skip
TWO = {two_at_once.__name__, results_of_other_calls.__name__}
"""Where the model asks for two calls."""
IN_A_TAB = {on_another_device.__name__}
"""Where a tool of the server's would be no trial: it is asked about in one tab only."""
