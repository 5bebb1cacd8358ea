-- What an API key is for: kinds of documents and host names of sites, as lists with commas. NULL, as in all keys made before:
-- no limit.
ALTER TABLE api_keys ADD COLUMN kinds TEXT;
ALTER TABLE api_keys ADD COLUMN sites TEXT;

-- The public id of the API key that made a change; NULL: made before it was noted, or by the service itself.
ALTER TABLE documents ADD COLUMN changed_by TEXT;
ALTER TABLE outbox ADD COLUMN changed_by TEXT;

DROP VIEW document_states;
CREATE VIEW document_states AS
SELECT d.kind, d.id, d.revision, d.body, d.edge_revision, d.synced_at, d.changed_by,
       COALESCE(newest.state, 'done') AS state,
       newest.last_error,
       (SELECT MIN(o.changed_at) FROM outbox o
         WHERE o.kind = d.kind AND o.id = d.id AND o.state <> 'done') AS behind_since
  FROM documents d
  LEFT JOIN outbox newest ON newest.revision = d.revision;
