"""Batches in the journal: which requests a batch has, and how far it has come.

A plan is one batch on its way: `new` (its requests are claimed), `written` (its file lies on the disk), `uploaded`,
`creating` (it may exist at the server or not), `created`, and at last `collected` or `failed`. Each step is written
down after it is done, and `creating` before as well, so that what is not known after a crash is looked up.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resources.llm.journal import BATCH_OWNER, Budget, Intent, Journal, now
from resources.llm.outcomes import Reply
from svg2_assets.llm.calls import Outcome

NEW, WRITTEN, UPLOADED, CREATING, CREATED = "new", "written", "uploaded", "creating", "created"
COLLECTED, FAILED = "collected", "failed"


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """One batch as the journal knows it."""

    plan_id: str
    model: str
    state: str
    file_id: str
    batch_id: str
    reason: str

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in (COLLECTED, FAILED)


_COLUMNS = "plan_id, model, state, file_id, batch_id, reason"


@dataclass(slots=True)
class Planned:
    """What became of requests that were to be planned: the plan's id (empty where none was left), the call id by key,
    and keys that do not fit the budget with the money spent.
    """

    plan_id: str
    call_ids: dict[str, str]
    over_budget: dict[str, float]


def make_plan(journal: Journal, intents: Sequence[Intent], *, model: str, endpoint: str, budget: Budget) -> Planned:
    """Claim `intents`, all of `model`, for a new plan; those that are answered or under way already are left out."""
    plan_id = uuid.uuid4().hex
    planned = Planned(plan_id, {}, {})
    spent = journal.spent(budget.since) if budget.most is not None else 0.0
    for intent in intents:
        if journal.answer(intent.key) is not None or journal.holder(intent.key) is not None:
            continue
        if budget.most is not None and intent.at_most > 0 and spent + intent.at_most > budget.most:
            planned.over_budget[intent.key] = spent
            continue
        spent += intent.at_most
        journal.execute("INSERT OR REPLACE INTO claims VALUES (?, ?)", (intent.key, BATCH_OWNER + plan_id))
        call_id = planned.call_ids[intent.key] = journal.write_intent(intent, BATCH_OWNER + plan_id)
        journal.execute("INSERT INTO plan_requests VALUES (?, ?, ?)", (plan_id, intent.key, call_id))
    if not planned.call_ids:
        return Planned("", {}, planned.over_budget)
    values = (plan_id, model, endpoint, NEW, journal.owner.name, now())
    journal.execute("INSERT INTO plans (plan_id, model, endpoint, state, driver, at) VALUES (?, ?, ?, ?, ?, ?)", values)
    return planned


def plan_of(journal: Journal, plan_id: str) -> BatchPlan:
    """The plan `plan_id`."""
    row = journal.execute(f"SELECT {_COLUMNS} FROM plans WHERE plan_id = ?", (plan_id,)).fetchone()  # noqa: S608
    return BatchPlan(*row)


def active_plans(journal: Journal, endpoint: str) -> list[str]:
    """Ids of the plans of the server `endpoint` that have not ended, oldest first."""
    statement = "SELECT plan_id FROM plans WHERE endpoint = ? AND state NOT IN (?, ?) ORDER BY at"
    return [row[0] for row in journal.execute(statement, (endpoint, COLLECTED, FAILED))]


def take_plan(journal: Journal, plan_id: str) -> BatchPlan | None:
    """The plan, which this process moves on from now on; None when it ended, or another process that runs does so.

    A plan whose file was not written when its process died is forgotten: nothing of it left this machine.
    """
    row = journal.execute("SELECT driver FROM plans WHERE plan_id = ?", (plan_id,)).fetchone()
    if row is None:
        return None
    plan = plan_of(journal, plan_id)
    mine = row[0] == journal.owner.name
    if plan.ended or not (mine or not journal.owner.is_alive(row[0])):
        return None
    if plan.state == NEW:
        if not mine:
            _drop_plan(journal, plan_id)
        return None
    journal.execute("UPDATE plans SET driver = ? WHERE plan_id = ?", (journal.owner.name, plan_id))
    return plan


def move_plan(journal: Journal, plan_id: str, state: str, **known: str) -> BatchPlan:
    """Write down that the plan is in `state`, with what is `known` by now (file_id, batch_id, reason)."""
    for name, value in {"state": state, **known}.items():
        journal.execute(f"UPDATE plans SET {name} = ? WHERE plan_id = ?", (value, plan_id))  # noqa: S608 (ours)
    return plan_of(journal, plan_id)


def settle_requests(
    journal: Journal, plan_id: str, replies: Mapping[str, tuple[Reply, float]], *, latency: float = 0.0
) -> int:
    """Write down `replies` (key -> reply, US dollars); returns how many of them this plan still waited for.

    Keys of no request of the plan, and such as are settled already, are left alone.
    """
    settled = 0
    for key, (reply, money) in replies.items():
        row = journal.execute(
            "SELECT r.call_id FROM plan_requests r JOIN attempts a ON a.call_id = r.call_id "
            "WHERE r.plan_id = ? AND r.key = ? AND a.outcome = 'in_flight'",
            (plan_id, key),
        ).fetchone()
        if row is not None:
            journal.finish(row[0], key, reply, money=money, latency=latency, done=True)
            settled += 1
    return settled


def end_plan(journal: Journal, plan_id: str, state: str, *, reason: str, outcome: Outcome) -> None:
    """The plan ended: requests without an answer did not cost anything and may be planned again."""
    rows = journal.execute(
        "SELECT r.key FROM plan_requests r JOIN attempts a ON a.call_id = r.call_id "
        "WHERE r.plan_id = ? AND a.outcome = 'in_flight'",
        (plan_id,),
    ).fetchall()
    settle_requests(journal, plan_id, {key: (Reply(outcome, reason=reason), 0.0) for (key,) in rows})
    move_plan(journal, plan_id, state, reason=reason)


def _drop_plan(journal: Journal, plan_id: str) -> None:
    journal.execute("DELETE FROM claims WHERE owner = ?", (BATCH_OWNER + plan_id,))
    # One by one through an update: the sum of what is reserved follows the money of rows.
    rows = journal.execute("SELECT call_id FROM plan_requests WHERE plan_id = ?", (plan_id,)).fetchall()
    for (call_id,) in rows:
        journal.execute("UPDATE attempts SET money_unknown = 0 WHERE call_id = ?", (call_id,))
        journal.execute("DELETE FROM attempts WHERE call_id = ?", (call_id,))
    journal.execute("DELETE FROM plan_requests WHERE plan_id = ?", (plan_id,))
    journal.execute("DELETE FROM plans WHERE plan_id = ?", (plan_id,))


def last_attempt(journal: Journal, key: str) -> tuple[Outcome, str] | None:
    """Outcome and reason of the newest attempt at the request `key` that is settled, None where there is none."""
    row = journal.execute(
        "SELECT outcome, reason FROM attempts WHERE key = ? AND outcome NOT IN ('in_flight', 'lost') "
        "ORDER BY at DESC LIMIT 1",
        (key,),
    ).fetchone()
    return None if row is None else (Outcome(row[0]), str(row[1]))


def paid(journal: Journal, call_id: str) -> float:
    """US dollars of the row `call_id`."""
    row = journal.execute("SELECT money FROM attempts WHERE call_id = ?", (call_id,)).fetchone()
    return 0.0 if row is None else float(row[0])
