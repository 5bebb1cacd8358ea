-- For whom a change is made, and its turn among the changes of one urgency: each party has one in a turn, however many of its
-- changes wait.
ALTER TABLE outbox ADD COLUMN party TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN turn BIGINT NOT NULL DEFAULT 0;
UPDATE outbox SET party = 'key:' || changed_by WHERE state = 'pending' AND changed_by IS NOT NULL;
UPDATE outbox SET turn = waiting.turn
  FROM (SELECT revision, ROW_NUMBER() OVER (PARTITION BY urgency, party ORDER BY revision) AS turn
          FROM outbox WHERE state = 'pending') AS waiting
 WHERE waiting.revision = outbox.revision;

DROP INDEX outbox_by_urgency;
CREATE INDEX outbox_by_turn ON outbox (state, urgency, turn, revision);
CREATE INDEX outbox_by_party ON outbox (state, urgency, party, turn);

-- The sites on which each title is shown that is not deleted, for API keys of some sites. Rows of titles that were written before
-- are made by the service when it opens the database.
CREATE TABLE title_sites (
    host TEXT NOT NULL,
    id   TEXT NOT NULL,
    PRIMARY KEY (host, id)
);
CREATE INDEX title_sites_by_title ON title_sites (id, host);
