-- Plain SQL that SQLite and PostgreSQL both take. Times are Unix milliseconds.

-- The newest state of each document. The row of a deleted document stays, as its tombstone.
CREATE TABLE documents (
    kind          TEXT   NOT NULL,
    id            TEXT   NOT NULL,
    revision      BIGINT NOT NULL UNIQUE,  -- unique over all documents, not only this one's
    body          TEXT,                    -- the document's own members as JSON; NULL: deleted
    edge_revision BIGINT,                  -- what the edge said last that it holds
    synced_at     BIGINT,                  -- when the edge last confirmed a state of this document
    PRIMARY KEY (kind, id)
);

-- One row for each change, written in the transaction that changes the document.
-- It names the change and carries no copy of the document: only its newest state is ever sent.
CREATE TABLE outbox (
    revision      BIGINT NOT NULL PRIMARY KEY,
    kind          TEXT   NOT NULL,
    id            TEXT   NOT NULL,
    changed_at    BIGINT NOT NULL,
    state         TEXT   NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'failed')),
    last_error    TEXT,
    last_error_at BIGINT,
    settled_at    BIGINT,                  -- when it became done or failed
    FOREIGN KEY (kind, id) REFERENCES documents (kind, id)
);
CREATE INDEX outbox_by_state ON outbox (state, revision);
CREATE INDEX outbox_by_document ON outbox (kind, id, revision);
CREATE INDEX outbox_by_error ON outbox (last_error_at);

-- Each document with how far the edge is behind it. A settled outbox row may have been pruned.
CREATE VIEW document_states AS
SELECT d.kind, d.id, d.revision, d.body, d.edge_revision, d.synced_at,
       COALESCE(newest.state, 'done') AS state,
       newest.last_error,
       (SELECT MIN(o.changed_at) FROM outbox o
         WHERE o.kind = d.kind AND o.id = d.id AND o.state <> 'done') AS behind_since
  FROM documents d
  LEFT JOIN outbox newest ON newest.revision = d.revision;

-- Who may write. A key itself is never stored, only its SHA-256.
CREATE TABLE api_keys (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    hash       TEXT   NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX api_keys_in_force ON api_keys (name) WHERE revoked_at IS NULL;
