-- Made because the configuration file declares it; the first report of its name is its own, from whatever host.
ALTER TABLE job ADD COLUMN is_declared INTEGER NOT NULL DEFAULT 0;

-- What the operator decided about a job. Journaled in received.jsonl, so that a rebuild keeps it.
CREATE TABLE decision (
	job_id INTEGER PRIMARY KEY REFERENCES job (id),
	paused_at INTEGER,
	paused_until INTEGER, -- the largest instant: until the next run
	archived_at INTEGER,
	schedule TEXT, -- JSON, fixed by a click
	expected_from INTEGER -- runs before this instant are no longer the past that a run is compared with
) STRICT;

-- What the watch last found of a job; written when it changes, never by an idle tick.
CREATE TABLE watch (
	job_id INTEGER PRIMARY KEY REFERENCES job (id),
	state TEXT NOT NULL,
	due_at INTEGER,
	check_at INTEGER, -- when to look again although nothing is reported; null: never
	judgement TEXT NOT NULL, -- JSON
	plausibility TEXT, -- JSON, of the newest finished backup
	tells_start INTEGER NOT NULL DEFAULT 0, -- its beginnings are reported, too
	is_postponed INTEGER NOT NULL DEFAULT 0 -- its newest runs are told of a moment later
) STRICT;

-- Runs that were stored and not judged yet; run 0: older ones of the job, of which only the newest state matters.
CREATE TABLE unjudged (
	job_id INTEGER NOT NULL,
	run_id INTEGER NOT NULL,
	PRIMARY KEY (job_id, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert (
	id INTEGER PRIMARY KEY,
	job_id INTEGER NOT NULL, -- 0: about the monitor itself
	kind TEXT NOT NULL,
	key TEXT NOT NULL,
	severity TEXT NOT NULL,
	sentence TEXT NOT NULL,
	run_id INTEGER,
	since INTEGER NOT NULL,
	opened_at INTEGER NOT NULL,
	escalated_at INTEGER,
	resolved_at INTEGER,
	resolution TEXT,
	reminded_at INTEGER,
	reminders INTEGER NOT NULL DEFAULT 0,
	acknowledged_at INTEGER,
	acknowledged_until INTEGER,
	snoozed_until INTEGER,
	parent_id INTEGER,
	is_muted INTEGER NOT NULL DEFAULT 0
) STRICT;
-- One problem is open once.
CREATE UNIQUE INDEX open_alert ON alert (job_id, kind, key) WHERE resolved_at IS NULL;
CREATE INDEX alert_by_job ON alert (job_id, opened_at);

-- What the operator said of an alert, by what the alert is about: alerts themselves do not survive a rebuild.
CREATE TABLE acknowledgement (
	job_id INTEGER NOT NULL,
	kind TEXT NOT NULL,
	key TEXT NOT NULL,
	at INTEGER NOT NULL,
	until INTEGER,
	snoozed_until INTEGER,
	PRIMARY KEY (job_id, kind, key)
) STRICT, WITHOUT ROWID;

-- The outbox: one event going to one channel, made in the transaction that made the event.
CREATE TABLE delivery (
	id INTEGER PRIMARY KEY,
	channel TEXT NOT NULL,
	alert_id INTEGER, -- null: a digest or a test
	event TEXT NOT NULL, -- opened, escalated, reminder, resolved, digest, test
	body TEXT NOT NULL, -- JSON of what happened, as it was then
	severity TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	due_at INTEGER NOT NULL,
	is_held INTEGER NOT NULL DEFAULT 0, -- waits for the end of the quiet hours
	attempts INTEGER NOT NULL DEFAULT 0,
	tried_at INTEGER,
	error TEXT,
	sent_at INTEGER,
	given_up_at INTEGER
) STRICT;
CREATE INDEX waiting_delivery ON delivery (channel, due_at) WHERE sent_at IS NULL AND given_up_at IS NULL;
CREATE INDEX delivery_by_alert ON delivery (alert_id);

CREATE TABLE channel (
	name TEXT PRIMARY KEY,
	sent_at INTEGER,
	failing_since INTEGER,
	error TEXT,
	is_refused INTEGER NOT NULL DEFAULT 0 -- it said never, not "not now"
) STRICT, WITHOUT ROWID;
