-- The text in which a title that is not deleted is searched: its id and its names, each letter in one case. Rows of titles that were
-- written before are made by the service when it opens the database.
CREATE TABLE title_names (
    id   TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL
);
