"""Tables of the journal."""

from __future__ import annotations

IN_FLIGHT, LOST = "in_flight", "lost"
"""Outcomes of an attempt beside those of `Outcome`: sent and not answered yet; sent by a process that ended before."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    outcome TEXT NOT NULL,
    text TEXT NOT NULL,
    reason TEXT NOT NULL,
    tokens_in INTEGER NOT NULL,
    cached INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS claims_by_owner ON claims (owner);
CREATE TABLE IF NOT EXISTS attempts (
    call_id TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    step TEXT NOT NULL,
    purpose TEXT NOT NULL,
    video_id TEXT NOT NULL,
    phase TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_version TEXT NOT NULL,
    transport TEXT NOT NULL,
    owner TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    tokens_in INTEGER NOT NULL DEFAULT 0,
    tokens_cached INTEGER NOT NULL DEFAULT 0,
    tokens_out INTEGER NOT NULL DEFAULT 0,
    tokens_reasoning INTEGER NOT NULL DEFAULT 0,
    tokens_expected INTEGER NOT NULL DEFAULT 0,
    money REAL NOT NULL DEFAULT 0,
    money_unknown REAL NOT NULL DEFAULT 0,
    latency REAL NOT NULL DEFAULT 0,
    at TEXT NOT NULL,
    exported INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS attempts_in_flight ON attempts (owner) WHERE outcome = 'in_flight';
CREATE INDEX IF NOT EXISTS attempts_by_key ON attempts (key);
CREATE INDEX IF NOT EXISTS attempts_to_export ON attempts (exported) WHERE exported = 0;
CREATE TABLE IF NOT EXISTS spending (day TEXT PRIMARY KEY, money REAL NOT NULL) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS spending_of_new AFTER INSERT ON attempts BEGIN
    INSERT INTO spending VALUES (substr(new.at, 1, 10), new.money + new.money_unknown)
    ON CONFLICT (day) DO UPDATE SET money = money + excluded.money;
END;
CREATE TRIGGER IF NOT EXISTS spending_of_changed AFTER UPDATE OF money, money_unknown ON attempts BEGIN
    UPDATE spending SET money = money + new.money + new.money_unknown - old.money - old.money_unknown
    WHERE day = substr(new.at, 1, 10);
END;
CREATE TABLE IF NOT EXISTS plans (
    plan_id TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    state TEXT NOT NULL,
    file_id TEXT NOT NULL DEFAULT '',
    batch_id TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    driver TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS plan_requests (
    plan_id TEXT NOT NULL,
    key TEXT NOT NULL,
    call_id TEXT NOT NULL,
    PRIMARY KEY (plan_id, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS plan_requests_by_key ON plan_requests (key);
"""

LATER_COLUMNS = (
    ("answer_expected", "REAL NOT NULL DEFAULT 0"),
    ("reasoning_expected", "REAL NOT NULL DEFAULT 0"),
    ("server", "TEXT NOT NULL DEFAULT ''"),
)
"""Columns of `attempts`, and their kinds, that are added to a journal which lacks them: what an older one holds was
paid for, so it is kept."""

ATTEMPT_COLUMNS = (
    "call_id",
    "video_id",
    "phase",
    "purpose",
    "model",
    "prompt_version",
    "step",
    "transport",
    "outcome",
    "reason",
    "tokens_in",
    "tokens_cached",
    "tokens_out",
    "tokens_reasoning",
    "tokens_expected",
    "answer_expected",
    "reasoning_expected",
    "server",
    "money",
    "money_unknown",
    "latency",
    "at",
)
"""Columns of an attempt that the store's table `llm_calls` has too."""
