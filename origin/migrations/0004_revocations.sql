-- One row for each revocation that is in force. The document of a site, `documents.body` of the kind `revocations`, keeps no
-- more than host and generation; what the edge is told is put together from these rows when it is sent.
-- Rows of documents that were written before are made by the service when it opens the database.
CREATE TABLE revocations (
    host       TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    what       TEXT   NOT NULL,  -- JSON: what is revoked
    at         BIGINT NOT NULL,  -- Unix seconds
    until      BIGINT,           -- Unix seconds: when the row may go; NULL: not known
    note       TEXT,
    changed_by TEXT,             -- the public id of the API key
    PRIMARY KEY (host, generation)
);
CREATE INDEX revocations_by_end ON revocations (until);
