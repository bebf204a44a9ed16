-- A job is (name, host). Everything else about it is judged from its runs.
CREATE TABLE job (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	host TEXT NOT NULL,
	slug TEXT NOT NULL UNIQUE,
	created_at INTEGER NOT NULL,
	UNIQUE (name, host)
) STRICT;

-- The report is the record, kept as it was sent; the other columns are what is searched, ordered or summed.
CREATE TABLE run (
	id INTEGER PRIMARY KEY,
	job_id INTEGER NOT NULL REFERENCES job (id),
	backup_id TEXT NOT NULL,
	-- OR, not IN: for a list SQLite builds a temporary index at every insert, which doubles its time.
	kind TEXT NOT NULL CHECK (
		kind = 'backup' OR kind = 'check' OR kind = 'prune' OR kind = 'sync' OR kind = 'restore_test'
	),
	outcome TEXT NOT NULL CHECK (
		outcome = 'success' OR outcome = 'warning' OR outcome = 'failure' OR outcome = 'running'
	),
	started_at INTEGER NOT NULL,
	ended_at INTEGER,
	day INTEGER NOT NULL, -- local day it was folded into; kept, because the zone may change
	duration REAL,
	size INTEGER,
	error_category TEXT,
	snapshot_id TEXT,
	received_at INTEGER NOT NULL,
	report TEXT NOT NULL,
	UNIQUE (job_id, backup_id)
) STRICT;
CREATE INDEX run_by_job ON run (job_id, started_at);
CREATE INDEX run_by_start ON run (started_at);
-- Failures are rare: without these, "the last ten failures" reads every run when there are none.
CREATE INDEX failure_by_start ON run (started_at) WHERE outcome = 'failure';
CREATE INDEX failure_by_job ON run (job_id, started_at) WHERE outcome = 'failure';
-- A ping that ends a run looks for the one that is open; there is hardly ever more than one.
CREATE INDEX open_by_job ON run (job_id, started_at) WHERE outcome = 'running';

-- Finished backup runs summed per local day; job 0 is all jobs together. Outlives the runs.
-- Ordered by day first, so that one stored run touches one page for its job and the total.
CREATE TABLE daily (
	day INTEGER NOT NULL,
	job_id INTEGER NOT NULL,
	succeeded INTEGER NOT NULL,
	warned INTEGER NOT NULL,
	failed INTEGER NOT NULL,
	durations INTEGER NOT NULL,
	duration_sum REAL NOT NULL,
	duration_max REAL,
	sizes INTEGER NOT NULL,
	size_sum REAL NOT NULL,
	rates INTEGER NOT NULL,
	rate_sum REAL NOT NULL,
	detail TEXT, -- JSON: phases and failure categories of the day
	PRIMARY KEY (day, job_id)
) STRICT, WITHOUT ROWID;

-- How far each followed file was read, written in the transaction that stores what was read.
CREATE TABLE source (
	id INTEGER PRIMARY KEY,
	path TEXT NOT NULL UNIQUE,
	generation INTEGER NOT NULL DEFAULT 0,
	device INTEGER,
	inode INTEGER,
	offset INTEGER NOT NULL DEFAULT 0,
	rest TEXT NOT NULL DEFAULT 'start', -- what the bytes after the offset belong to
	line INTEGER NOT NULL DEFAULT 0,
	head_length INTEGER NOT NULL DEFAULT 0,
	head BLOB, -- hash of the first head_length bytes
	behind BLOB, -- the last bytes before the offset
	known_below INTEGER NOT NULL DEFAULT 0, -- while read again: lines below this offset may be known already
	accepted INTEGER NOT NULL DEFAULT 0,
	rejected INTEGER NOT NULL DEFAULT 0,
	recent BLOB, -- hashes of the newest lines, moved to `seen` in portions
	read_at INTEGER
) STRICT;

-- 16-byte hashes of the lines that a followed file holds, in order: reading it again changes nothing.
CREATE TABLE seen (
	source_id INTEGER NOT NULL REFERENCES source (id),
	generation INTEGER NOT NULL,
	portion INTEGER NOT NULL,
	hashes BLOB NOT NULL,
	PRIMARY KEY (source_id, generation, portion)
) STRICT;

CREATE TABLE rejected (
	id INTEGER PRIMARY KEY,
	source TEXT NOT NULL,
	line INTEGER NOT NULL,
	reason TEXT NOT NULL,
	text TEXT NOT NULL,
	seen_at INTEGER NOT NULL
) STRICT;

-- Rows of the original's database whose time stamp cannot be read. Never thrown away.
CREATE TABLE legacy (
	id INTEGER PRIMARY KEY,
	reason TEXT NOT NULL,
	row TEXT NOT NULL
) STRICT;

CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
